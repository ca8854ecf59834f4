"""A connection to a gateway, blocking: for scripts, notebooks and the command line."""

from collections.abc import Generator, Iterable
from typing import Self, Unpack

from quantgraph.client.calls import Caller
from quantgraph.client.downloads import Checkpoint, Download, DownloadStream, collect
from quantgraph.client.requests import BarOptions, bar_request
from quantgraph.client.resuming import Retry, resumed
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.sectors import Sector
from quantgraph.domain.system import ServerInfo
from quantgraph.v1 import bars_pb2, sectors_pb2, system_pb2
from quantgraph.wire.bars import download_to_proto, request_to_proto, series_from_proto
from quantgraph.wire.sectors import sector_from_proto
from quantgraph.wire.system import info_from_proto


def connect(target: str, key: str | None = None, *, timeout: float = 30.0) -> "Client":
    """Return a client of the gateway at `target` ("host:port"), with an API key where one is due.

    `timeout` in seconds holds for every call but downloads. Nothing is sent yet.
    """
    return Client(Caller(target, key, timeout))


class Client:
    """A gateway's answers as domain objects; use it in a `with` block or close it.

    A download that is cut goes on by itself where it stopped, as `retry` says.

    Every method raises the gateway's own GatewayError, Unavailable SOURCE_UNAVAILABLE where no
    gateway answers, and TIMED_OUT after the timeout.
    """

    def __init__(self, caller: Caller) -> None:
        """Call by `caller`; use `connect`."""
        self._caller = caller
        self.retry = Retry()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._caller.close()

    def bars(
        self, symbol: str, *, last: int | None = None, **options: Unpack[BarOptions]
    ) -> BarSeries:
        """Return the bars of one symbol, the newest 250 where neither start nor last is given.

        The columns are read-only numpy arrays in `.columns.values`, `.columns.valid` says where
        values are missing. Errors: UNKNOWN_SYMBOL, ROW_LIMIT (then use `download_bars`), ….
        """
        request = bar_request(symbol, options, last)
        method = "/quantgraph.v1.BarService/ListBars"
        answer = self._caller.call(method, request_to_proto(request), bars_pb2.ListBarsResponse)
        return series_from_proto(answer.series, request.fields)

    def download_bars(self, symbols: Iterable[str], **options: Unpack[BarOptions]) -> Download:
        """Return all wanted bars of many symbols, without a limit of rows, held in memory.

        No start means from the first bar held, no end up to now; see `BarOptions`.
        A symbol that fails is in `.failures`; the others are whole and checked.
        """
        return collect(self.stream_bars(symbols, **options))

    def stream_bars(self, symbols: Iterable[str], **options: Unpack[BarOptions]) -> DownloadStream:
        """Return the same symbol by symbol, so that only one of them is held in memory."""
        return self.go_on(bar_request(symbols, options))

    def go_on(self, request: BarRequest, begin: Checkpoint | None = None) -> DownloadStream:
        """Return the download of a request, or the rest of it behind a checkpoint."""
        message = download_to_proto(request)

        def call(token: bytes) -> Generator[bytes]:
            message.resume_token = token
            return self._caller.stream("/quantgraph.v1.BarService/DownloadBars", message)

        frames = resumed(call, self.retry, begin.token if begin else b"")
        return DownloadStream(request, frames, begin)

    def sector(self, name: str) -> Sector:
        """Return a sector with its members. Errors: UNKNOWN_SECTOR."""
        request = sectors_pb2.GetSectorRequest(name=name)
        method = "/quantgraph.v1.SectorService/GetSector"
        answer = self._caller.call(method, request, sectors_pb2.GetSectorResponse)
        return sector_from_proto(answer.sector)

    def server_info(self) -> ServerInfo:
        """Return what the gateway says about itself."""
        method = "/quantgraph.v1.SystemService/GetServerInfo"
        request = system_pb2.GetServerInfoRequest()
        answer = self._caller.call(method, request, system_pb2.GetServerInfoResponse)
        return info_from_proto(answer.info)
