"""A stream of frames that survives cuts: it asks again behind the last frame that came."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.v1.bars_pb2 import DownloadBarsResponse
from quantgraph.wire.frames import ReceivedChunk, read_frame

Frame = DownloadBarsResponse | ReceivedChunk
_log = logging.getLogger(__name__)


def _tell(text: str) -> None:
    _log.warning(text)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often to ask again without any frame between, and how long to wait before (seconds).

    The wait doubles from `first` to `most`. `tell` is given a line for people at every retry.
    """

    attempts: int = 6
    first: float = 0.5
    most: float = 8.0
    tell: Callable[[str], None] = _tell
    sleep: Callable[[float], None] = time.sleep

    def wait(self, attempt: int, error: GatewayError) -> None:
        """Wait before an attempt, counted from 1."""
        seconds = min(self.first * 2 ** (attempt - 1), self.most)
        self.tell(
            f"The download was cut ({error.reason.value}: {error.message}) "
            f"Going on in {seconds:g} s, attempt {attempt} of {self.attempts}."
        )
        self.sleep(seconds)


def resumed(
    call: Callable[[bytes], Generator[bytes]], retry: Retry, token: bytes = b""
) -> Generator[Frame]:
    """Yield the frames of `call(token)`, calling anew with the newest token after a cut.

    Raises what the last call raised; DOWNLOAD_CORRUPT where bytes are no frame.
    """
    attempt, ended = 0, False
    while True:
        try:
            with closing(call(token)) as answers:
                for answer in answers:
                    frame = _read(answer)
                    token, attempt = frame.resume_token or token, 0
                    ended = _is_last(frame)
                    yield frame
        except GatewayError as error:
            if ended:
                return  # the cut came behind the end
            attempt += 1
            own = error.reason is Reason.DOWNLOAD_CORRUPT
            if own or not token or not error.retryable or attempt > retry.attempts:
                raise
            retry.wait(attempt, error)
        else:
            return


def _is_last(frame: Frame) -> bool:
    return isinstance(frame, DownloadBarsResponse) and frame.HasField("summary")


def _read(answer: bytes) -> Frame:
    try:
        return read_frame(answer)
    except ValueError as error:
        text = f"A frame of the download cannot be read: {error}. Repeat the download."
        raise Unavailable(Reason.DOWNLOAD_CORRUPT, text) from None
