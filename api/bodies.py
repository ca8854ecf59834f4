"""Bodies of requests over HTTP, read once for as often as the same bytes come."""

from cachetools import LRUCache

from api.requests import GraphQLRequest, RequestReader, read_json
from api.statuses import HttpRefused
from quantgraph.domain.errors import InvalidRequest

# Characters of requests known by their bytes, and the length to which they are.
_KNOWN, _LONGEST = 256_000, 2_048


class Bodies:
    """Reads bodies; what comes again is short, or long only because of its variables."""

    longest = _LONGEST

    def __init__(self, reader: RequestReader, ill_formed: int) -> None:
        """Read with `reader`; what states no request has the status `ill_formed`."""
        self._reader = reader
        self._ill_formed = ill_formed
        # Each with its document's size: what is remembered of a request keeps its document.
        self.known: LRUCache[bytes, GraphQLRequest] = LRUCache(_KNOWN, lambda each: each.size)

    def read(self, body: bytes) -> GraphQLRequest:
        """Return the request that a body states. Raises HttpRefused, BAD_REQUEST."""
        known = self.known.get(body)
        if known is None:
            known = self.stated(read_json(body))
            if len(body) <= _LONGEST and known.size <= _KNOWN:
                self.known[body] = known
        return known

    def stated(self, value: object) -> GraphQLRequest:
        """Return the request that a JSON value states. Raises HttpRefused."""
        try:
            return self._reader.read(value)
        except InvalidRequest as error:
            raise HttpRefused(self._ill_formed, error) from None
