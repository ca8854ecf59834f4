"""Says when a log's head is kept elsewhere: often enough to show a cut, rarely enough to be free.

At every commit for as long as the machine runs; to outlive a power cut, which takes an fsync, after
so many commits, when the log's writer rests, and at the end. Its user's lock guards it.
"""

import structlog

from quantgraph.domain.errors import GatewayError
from quantgraph.store.chain import Head
from quantgraph.store.heads import HeadFile, KeptHead

_EVERY = 100
_logger = structlog.get_logger(__name__)


class Anchor:
    """Holds the head of one log in a file of heads."""

    def __init__(self, file: HeadFile, log: str, epoch: str) -> None:
        """Keep the heads of `log` as it is named in the file."""
        self._file = file
        self._log = log
        self._epoch = epoch
        self._newest = file.newest(log)
        self._due: Head | None = None
        self._commits = 0
        self._failing = self._frozen = False

    def begin(self, epoch: str, head: Head) -> None:
        """Keep the head of a log that was just begun, or found whole."""
        self._epoch, self._due = epoch, head
        self.hold()

    def keep(self, kept: KeptHead) -> None:
        """Keep this head, whatever follows: it shows what the log has lost."""
        self._frozen = True
        try:
            self._file.put(self._log, kept.epoch, kept.head)
        except GatewayError as error:
            _logger.warning("head_not_kept", log=self._log, code=error.reason)

    def passed(self, head: Head) -> None:
        """Hear of a commit."""
        if self._frozen:
            return
        self._due = head
        self._note(head)
        self._commits += 1
        if self._commits >= _EVERY:
            self.hold()

    def hold(self) -> None:
        """Keep the newest head, if it is not kept yet. What fails is logged and tried again."""
        if self._due is None:
            return
        try:
            self._file.put(self._log, self._epoch, self._due)
        except GatewayError as error:
            _logger.warning("head_not_kept", log=self._log, code=error.reason)
            return
        finally:
            self._commits = 0
        self._due = None

    def close(self) -> None:
        """Keep the newest head, and be done."""
        self.hold()
        self._newest.close()

    def _note(self, head: Head) -> None:
        try:
            self._newest.put(self._epoch, head)
            self._failing = False
        except OSError as error:
            # The head that is kept with an fsync is older then: it still shows most cuts.
            if not self._failing:
                _logger.warning("newest_head_not_kept", log=self._log, error=str(error))
            self._failing = True
