"""Ex-right events as histories, for whoever asks for the events themselves."""

from collections.abc import Sequence

from quantgraph.domain.bars import Period
from quantgraph.domain.dividends import DividendHistory, DividendRequest, tell_history
from quantgraph.domain.errors import GatewayError, start_after_end, unknown_symbol
from quantgraph.domain.ports.market import Dividends
from quantgraph.domain.ports.reference import Reference


class DividendBook:
    """`ports.DividendHistories` over the events that adjusted daily bars use."""

    def __init__(self, dividends: Dividends, reference: Reference) -> None:
        """Tell what `dividends` tells, of the symbols that `reference` knows."""
        self._dividends = dividends
        self._reference = reference

    async def histories(self, request: DividendRequest) -> Sequence[DividendHistory | GatewayError]:
        """Answer in two calls below, whatever the number of symbols; see the port."""
        if request.start is not None and request.end is not None and request.start > request.end:
            raise start_after_end(request.start, request.end)
        listed = await self._reference.instruments(request.symbols)
        found = await self._dividends.dividends(request.symbols, Period.DAY_1)
        return [
            unknown_symbol(symbol)
            if instrument is None
            else tell_history(symbol, dividends, request)
            for symbol, instrument, dividends in zip(request.symbols, listed, found, strict=True)
        ]
