"""Which media type a GraphQL response has, by what the client accepts."""

from dataclasses import dataclass
from functools import lru_cache

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
EVENTS = "text/event-stream"
# Apollo's own; without the parameter clients mean parts of one answer, which are not sent here.
PARTS = "multipart/mixed;subscriptionspec=1.0"
_STREAMS = (EVENTS, PARTS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the client takes: one whole answer, a stream of answers, or either; None where not."""

    single: str | None
    stream: str | None


@dataclass(frozen=True, slots=True)
class _Range:
    type: str
    quality: float


@lru_cache(maxsize=256)
def accepted(header: str | None) -> Wanted:
    """Return the media types that the client likes best.

    Without a header, and where a wildcard leaves the choice, plain JSON is what clients expect.
    A stream is for those alone who name it: who takes anything does not mean an endless answer.
    """
    if header is None or not header.strip():
        return Wanted(JSON, None)
    ranges = [_parse(part) for part in header.split(",")]
    return Wanted(
        _best((GRAPHQL_JSON, JSON), ranges),
        _best(_STREAMS, [each for each in ranges if each.type in (*_STREAMS, "text/*")]),
    )


@lru_cache(maxsize=64)
def is_json(content_type: str | None) -> bool:
    """Return whether a request body is declared as JSON, in UTF-8 where a charset is named."""
    media, *parameters = (content_type or "").split(";")
    named = dict(_parameter(each) for each in parameters)
    return media.strip().lower() == JSON and named.get("charset", "utf-8") == "utf-8"


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"').lower()


def qualities(header: str) -> dict[str, float]:
    """Return the quality of each token of a list such as Accept-Encoding, lower case."""
    return {each.type: each.quality for each in map(_parse, header.split(","))}


def _parse(part: str) -> _Range:
    media, *rest = part.split(";")
    parameters = dict(map(_parameter, rest))
    name = media.strip().lower()
    if parameters.get("subscriptionspec") == "1.0":
        name += ";subscriptionspec=1.0"
    try:
        quality = min(max(float(parameters.get("q", "1")), 0.0), 1.0)
    except ValueError:
        quality = 0.0
    return _Range(name, quality)


def _best(offers: tuple[str, ...], ranges: list[_Range]) -> str | None:
    """Return the offer liked best; of equally liked ones the first, or JSON for a wildcard."""
    liked = {offer: _liking(offer, ranges) for offer in offers}
    best = max(offers, key=lambda offer: liked[offer])
    return best if liked[best][0] else None


def _liking(offer: str, ranges: list[_Range]) -> tuple[float, int, bool]:
    """Return quality and closeness of the most specific range that covers the offer."""
    family = offer.split("/", maxsplit=1)[0]
    for closeness, pattern in ((2, offer), (1, f"{family}/*"), (0, "*/*")):
        matching = [each.quality for each in ranges if each.type == pattern]
        if matching:
            return max(matching), closeness, offer == JSON and closeness < 2
    return 0.0, 0, False
