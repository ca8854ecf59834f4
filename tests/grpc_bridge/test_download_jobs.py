"""Pages of downloads fit into a message, however many symbols their jobs have."""

from datetime import date

from grpc import aio

from quantgraph.domain.downloads import DownloadKind, DownloadWish
from quantgraph.v1 import downloads_pb2
from quantgraph.v1.downloads_pb2_grpc import DownloadServiceStub
from tests.grpc_bridge.conftest import Serve
from tests.grpc_bridge.world import World

LIMIT = 64 * 1_024
SYMBOLS = tuple(f"{number:06}.SZ" for number in range(1_000))


async def test_a_page_that_would_not_fit_goes_on_in_the_next_one(serve: Serve, world: World):
    for day in range(1, 16):
        wish = DownloadWish(DownloadKind.DAYS, SYMBOLS, date(2024, 1, day))
        await world.gateway.downloads.start(wish)
    server = await serve(max_message_bytes=LIMIT)
    options = (("grpc.max_receive_message_length", LIMIT),)
    pages: list[list[str]] = []
    token = ""
    async with aio.insecure_channel(f"127.0.0.1:{server.port}", options=options) as channel:
        stub = DownloadServiceStub(channel)
        while not pages or token:
            request = downloads_pb2.ListDownloadJobsRequest(page_size=500, page_token=token)
            page = await stub.ListDownloadJobs(request)
            assert page.ByteSize() <= LIMIT
            pages.append([each.id for each in page.jobs])
            token = page.next_page_token
    found = [job for page in pages for job in page]
    # The newest first, each once; five of a thousand symbols fit, and small ones beside them.
    assert found == list(dict.fromkeys(found))
    assert [int(each.removeprefix("download_")) for each in found] == list(range(18, 0, -1))
    assert [len(page) for page in pages] == [5, 5, 8]
