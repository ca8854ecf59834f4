"""The newest heads of the logs, in a file away from them: what shows that a log was cut short.

One JSON line per log, and per log a file of its last commit (`newest.py`), which costs no fsync.
Everything blocks; a gateway holds its folder alone, so it writes alone.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.chain import HASH_BYTES, Head
from quantgraph.store.files import replace_whole
from quantgraph.store.newest import NewestHead, newest_head


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A head as it was kept: of the log that had this epoch then."""

    epoch: str
    head: Head


class HeadFile:
    """Keeps for every log the newest head that it was told, until a newer one comes."""

    def __init__(self, path: Path) -> None:
        """Use a file; it is made with the first head."""
        self.path = path
        self._lock = Lock()

    def head(self, log: str) -> KeptHead | None:
        """Return a log's head, None where none is kept. Raises StartupError STORE_CORRUPT."""
        with self._lock:
            line = self._read().get(log)
            return None if line is None else self._newest(log, _kept(line))

    def newest(self, log: str) -> NewestHead:
        """Return what writes a log's head at every commit; its user closes it."""
        return NewestHead(self._beside(log))

    def put(self, log: str, epoch: str, head: Head) -> None:
        """Keep a head; durable when it returns. Errors: STORE_UNAVAILABLE, STORE_CORRUPT."""
        line = {"log": log, "epoch": epoch, "number": head.number, "hash": head.hash.hex()}
        time = datetime.now(UTC).isoformat(timespec="seconds")
        with self._lock:
            self._change(self._read() | {log: {**line, "time": time}})

    def rename(self, log: str, name: str) -> None:
        """Keep a log's head under another name, as its file is moved. Errors as `put`."""
        with self._lock:
            lines = self._read()
            if log not in lines:
                return
            line = lines.pop(log)
            head = self._newest(log, _kept(line)).head
            moved = {**line, "log": name, "number": head.number, "hash": head.hash.hex()}
            self._change({**lines, name: moved})
            self._beside(log).unlink(missing_ok=True)

    def _newest(self, log: str, kept: KeptHead) -> KeptHead:
        head = newest_head(self._beside(log), kept.epoch)
        if head is None or head.number <= kept.head.number:
            return kept
        return KeptHead(kept.epoch, head)

    def _beside(self, log: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{log}")

    def _change(self, lines: dict[str, dict[str, Any]]) -> None:
        try:
            self._write(lines)
        except OSError as error:
            text = f"The file of heads {self.path} cannot be written: {error.strerror or error}."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text, file=str(self.path)) from error

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            lines = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]
            for line in lines:
                _kept(line)
            return {str(line["log"]): line for line in lines}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            text = (
                f"The file of heads {self.path} cannot be read: {error}. It was left untouched: "
                "run `quantgraph audit verify`, then move it away."
            )
            raise StartupError(Reason.STORE_CORRUPT, text, file=str(self.path)) from None

    def _write(self, lines: dict[str, dict[str, Any]]) -> None:
        told = "".join(json.dumps(line) + "\n" for line in lines.values())
        replace_whole(self.path, told.encode())


def _kept(line: dict[str, Any]) -> KeptHead:
    found = Head(int(line["number"]), bytes.fromhex(line["hash"]))
    if found.number < 0 or len(found.hash) != HASH_BYTES:
        raise ValueError(f"{line['hash']!r} is no hash of {HASH_BYTES} bytes")
    return KeptHead(str(line["epoch"]), found)
