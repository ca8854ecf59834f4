"""Subjects of the bus: made of the epoch of what is told, so that no two sources ever mix."""

import re
from dataclasses import dataclass
from hashlib import sha256

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Names:
    """Subjects below a prefix. Of accounts they bear hashes: subjects are seen in monitoring."""

    prefix: str

    @property
    def stream(self) -> str:
        """The stream that keeps the logs."""
        return self.prefix.replace(".", "_") + "_log"

    @property
    def kept(self) -> str:
        """What the stream keeps."""
        return f"{self.prefix}.log.>"

    def log(self, kind: str, epoch: str, account_id: str) -> str:
        """Return where the events of an account's log are told and kept."""
        return f"{self.prefix}.log.{kind}.{token(epoch)}.{hidden(epoch, account_id)}"

    def beat(self, kind: str, epoch: str, account_id: str) -> str:
        """Return where it is told how far that log is, and how its source stands."""
        return f"{self.prefix}.beat.{kind}.{token(epoch)}.{hidden(epoch, account_id)}"


def token(text: str) -> str:
    """Return a text as one word of a subject."""
    return text if _PLAIN.fullmatch(text) else _hash(text)


def hidden(epoch: str, account_id: str) -> str:
    """Return what stands for an account in the subjects of one log."""
    return _hash(f"{epoch}\0{account_id}")


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
