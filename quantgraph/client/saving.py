"""Downloads into Parquet files, one a symbol, that a later call can go on with."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from quantgraph.client.downloads import Checkpoint, DownloadStream, FailedSymbol
from quantgraph.client.progress import Progression
from quantgraph.client.tables import parquet_path, write_parquet
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.errors import (
    EpochChanged,
    GatewayError,
    InvalidRequest,
    StartupError,
    Unavailable,
)
from quantgraph.domain.reasons import Reason
from quantgraph.wire.bars import download_to_proto
from quantgraph.wire.downloads import Totals
from quantgraph.wire.failures import error_of

STATE = "download.part.jsonl"
# What an earlier download left cannot be gone on with: the new one begins at the beginning.
_STALE = frozenset(
    {
        Reason.RESUME_TOKEN_INVALID,
        Reason.RESUME_TOKEN_EXPIRED,
        Reason.RESUME_REQUEST_CHANGED,
        Reason.EPOCH_CHANGED,
    }
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What a download into a folder has brought.

    `files` by symbol, `failures` why others have none, `rows` all bars that came, `resumed` how
    many of the symbols an earlier call had brought already.
    """

    folder: Path
    files: Mapping[str, Path]
    failures: Mapping[str, GatewayError]
    rows: int
    resumed: int = 0


@dataclass(slots=True)
class SavedState:
    """The state file of an unfinished download: a line for the request, one for each symbol.

    It is there from the first symbol to the last; a download of another request starts it anew.
    """

    folder: Path
    request: BarRequest
    target: str
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    failures: dict[str, GatewayError] = field(default_factory=dict[str, GatewayError])

    @property
    def path(self) -> Path:
        """Return the file."""
        return self.folder / STATE

    def load(self) -> None:
        """Take up what an earlier call left; nothing where its request was another."""
        with suppress(OSError, ValueError, LookupError, TypeError):
            first, *lines = self.path.read_text("utf-8").splitlines()
            if json.loads(first) == self._header():
                self._take(lines)

    def _take(self, lines: list[str]) -> None:
        checkpoint, failures = Checkpoint(), dict[str, GatewayError]()
        for line in lines:
            try:
                entry: dict[str, Any] = json.loads(line)
            except ValueError:
                break  # the last line, cut by a crash
            symbol, error = entry["symbol"], entry["error"]
            if error is not None:
                code, message, zh = error
                failures[symbol] = error_of(code, message, zh, {"symbol": symbol})
            elif not parquet_path(self.folder, symbol).is_file():
                return  # somebody took it away: from the beginning
            token = base64.b64decode(entry["token"])
            checkpoint = Checkpoint(token, Totals(*entry["seen"]), checkpoint.ended | {symbol})
        self.checkpoint, self.failures = checkpoint, failures

    def begin(self) -> None:
        """Forget everything, and write the request."""
        self.checkpoint, self.failures = Checkpoint(), {}
        try:
            self.path.write_text(json.dumps(self._header()) + "\n", "utf-8")
        except OSError as error:
            text = f"Cannot write into {self.folder}: {error.strerror or error}."
            raise StartupError(Reason.DATA_DIR_UNUSABLE, text, folder=str(self.folder)) from None

    def add(self, ended: BarSeries | FailedSymbol, checkpoint: Checkpoint) -> None:
        """Write that a symbol has ended, its file being written."""
        error = None
        if isinstance(ended, FailedSymbol):
            self.failures[ended.symbol] = ended.error
            why = ended.error
            error = (why.reason.value, why.message, why.message_zh)
        entry = {
            "symbol": ended.symbol,
            "error": error,
            "token": base64.b64encode(checkpoint.token).decode(),
            "seen": astuple(checkpoint.seen),
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.checkpoint = checkpoint

    def end(self) -> None:
        """Take the file away: the download is whole."""
        self.path.unlink(missing_ok=True)

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield the file of every symbol that has one, in the request's order."""
        for symbol in self.request.symbols:
            if symbol in self.checkpoint.ended and symbol not in self.failures:
                yield symbol, parquet_path(self.folder, symbol)

    def _header(self) -> dict[str, str]:
        message = download_to_proto(self.request).SerializeToString(deterministic=True)
        return {"target": self.target, "request": base64.b64encode(message).decode()}


def save(
    call: Callable[[BarRequest, Checkpoint], DownloadStream],
    state: SavedState,
    told: Progression,
) -> Saved:
    """Read what `call` gives into the state's folder, behind what is there already.

    Raises what the stream raises; of a cut also what is saved, and how to go on.
    """
    state.load()
    if state.checkpoint.ended:
        try:
            return _save(call, state, told)
        except (InvalidRequest, EpochChanged) as error:
            if error.reason not in _STALE:
                raise
            told.say(f"{error.reason.value}: {error.message} Starting from the beginning.")
    state.begin()
    return _save(call, state, told)


def _save(
    call: Callable[[BarRequest, Checkpoint], DownloadStream],
    state: SavedState,
    told: Progression,
) -> Saved:
    resumed = len(state.checkpoint.ended)
    told.begin(resumed)
    stream = call(state.request, state.checkpoint)
    try:
        for each in stream:
            if isinstance(each, BarSeries):
                write_parquet(each, state.folder)
            state.add(each, stream.checkpoint)
            told.step(each.symbol, stream.rows)
    except Unavailable as error:
        if error.reason is not Reason.DOWNLOAD_INCOMPLETE:
            raise
        raise _unfinished(error, state) from error
    state.end()
    return Saved(state.folder, dict(state.files()), state.failures, stream.rows, resumed)


def _unfinished(error: Unavailable, state: SavedState) -> Unavailable:
    files, wanted = len(dict(state.files())), len(state.request.symbols)
    text = (
        f"{error.message} {files} of {wanted} symbols are saved in {state.folder}; "
        "the same download into this folder goes on behind them."
    )
    details = {**error.details, "saved": str(files), "folder": str(state.folder)}
    return Unavailable(error.reason, text, details=details)


def make_folder(folder: Path) -> Path:
    """Return the folder, made if absent. Raises StartupError DATA_DIR_UNUSABLE."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"Cannot make the folder {folder}: {error.strerror}."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, folder=str(folder)) from None
    return folder
