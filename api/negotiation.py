"""Which media type a GraphQL response has, by what the client accepts."""

from dataclasses import dataclass
from functools import lru_cache

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class _Range:
    type: str
    quality: float


@lru_cache(maxsize=256)
def accepted(header: str | None, offers: tuple[str, ...]) -> str | None:
    """Return the offer the client likes best, or None where it accepts none of them.

    Without a header plain JSON is what clients expect. Of equally liked ones the first offer
    wins.
    """
    if header is None or not header.strip():
        return JSON
    ranges = [_parse(part) for part in header.split(",")]
    best, chosen = 0.0, None
    for offer in offers:
        quality = _quality(offer, ranges)
        if quality > best:
            best, chosen = quality, offer
    return chosen


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
    media, *parameters = part.split(";")
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return _Range(media.strip().lower(), quality)


def _quality(offer: str, ranges: list[_Range]) -> float:
    """Return the quality of the most specific range that covers the offer."""
    family = offer.split("/", maxsplit=1)[0]
    for pattern in (offer, f"{family}/*", "*/*"):
        matching = [each.quality for each in ranges if each.type == pattern]
        if matching:
            return max(matching)
    return 0.0
