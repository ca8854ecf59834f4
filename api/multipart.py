"""Apollo's multipart subscriptions: every response a part of one HTTP answer."""

from collections.abc import Iterable
from itertools import chain

from api.frames import Wrapped
from api.responses import Event
from api.slots import Text

_BOUNDARY = b"\r\n--graphql"
_HEAD = b"\r\ncontent-type: application/json\r\n\r\n"


class Parts:
    """multipart/mixed with subscriptionSpec 1.0.

    The boundary behind a part goes out with it: clients read a part when they see its end.
    """

    media = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"'
    opening = _BOUNDARY
    beat = b"%b{}%b" % (_HEAD, _BOUNDARY)
    beat_seconds = 5.0
    ending = b"--\r\n"
    shared = Wrapped(_HEAD + b'{"payload":', b"}" + _BOUNDARY)

    def frame(self, given: Event) -> Iterable[bytes]:
        """Return a part; what ended the stream early stands beside the payload, not in it."""
        if given.frames:
            return (given.frames,)
        shown = {"payload": None, **given.refusal} if given.refused else {"payload": given.response}
        return chain((_HEAD,), Text(shown).pieces(), (_BOUNDARY,))
