"""A connection to a gateway, blocking: for scripts, notebooks and the command line."""

from collections.abc import Generator, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, Unpack

import grpc

from quantgraph.client.calls import Caller
from quantgraph.client.downloads import Checkpoint, Download, DownloadStream, collect
from quantgraph.client.jobs import DownloadCalls
from quantgraph.client.progress import Progression, progress_bar
from quantgraph.client.requests import BarOptions, bar_request
from quantgraph.client.resuming import Retry, resumed
from quantgraph.client.saving import Saved, SavedState, make_folder, save
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.sectors import Sector
from quantgraph.domain.system import ServerInfo
from quantgraph.v1 import bars_pb2, sectors_pb2, system_pb2
from quantgraph.wire.bars import download_to_proto, request_to_proto, series_from_proto
from quantgraph.wire.sectors import sector_from_proto
from quantgraph.wire.system import info_from_proto


@dataclass(frozen=True, slots=True)
class Tls:
    """How to know a gateway by its certificate, and how to show one's own; paths of PEM files.

    `authorities` None trusts those that the system trusts.
    """

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the files. Raises OSError."""
        read = (None if each is None else each.read_bytes() for each in self._files())
        return grpc.ssl_channel_credentials(*read)

    def _files(self) -> tuple[Path | None, Path | None, Path | None]:
        return self.authorities, self.key, self.certificate


def connect(
    target: str, key: str | None = None, *, timeout: float = 30.0, tls: Tls | None = None
) -> "Client":
    """Return a client of the gateway at `target` ("host:port"), with an API key where one is due.

    `timeout` in seconds holds for every call but downloads. Nothing is sent yet. `tls` is needed
    for a gateway with a certificate; OSError for a file of it that cannot be read.
    """
    return Client(Caller(target, key, timeout, None if tls is None else tls.credentials()))


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
        # What the gateway's terminal fetches for itself; `download_bars` brings bars here.
        self.downloads = DownloadCalls(caller)

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
        return self._stream(bar_request(symbols, options), Checkpoint(), self.retry)

    def save_bars(
        self,
        symbols: Iterable[str],
        folder: Path | str,
        *,
        progress: bool = True,
        **options: Unpack[BarOptions],
    ) -> Saved:
        """Download into `folder`, one Parquet file a symbol, which appears whole or not at all.

        What a call could not finish, the next one of the same request goes on with, for 24 hours;
        until then `STATE` of `saving` is in the folder. A bar on standard error shows the progress.
        Errors: DATA_DIR_UNUSABLE, DOWNLOAD_INCOMPLETE where the connection was lost for good, ….
        """
        request = bar_request(symbols, options)
        state = SavedState(make_folder(Path(folder)), request, self._caller.target)
        shown = progress_bar(len(request.symbols)) if progress else nullcontext(Progression())
        with shown as told:
            retry = replace(self.retry, tell=told.say) if progress else self.retry
            return save(lambda asked, begin: self._stream(asked, begin, retry), state, told)

    def _stream(self, request: BarRequest, begin: Checkpoint, retry: Retry) -> DownloadStream:
        message = download_to_proto(request)

        def call(token: bytes) -> Generator[bytes]:
            message.resume_token = token
            return self._caller.stream("/quantgraph.v1.BarService/DownloadBars", message)

        return DownloadStream(request, resumed(call, retry, begin.token), begin)

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
