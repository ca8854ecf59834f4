"""Several terminals as one: whose market data it is, whose account, and what one away costs."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from quantgraph.backends.many import directory
from quantgraph.backends.many.backend import ManyTerminals
from quantgraph.backends.many.members import Member
from quantgraph.domain.accounts import AccountStatus
from quantgraph.domain.bars import Period
from quantgraph.domain.depth import DepthWatch
from quantgraph.domain.downloads import DownloadKind, DownloadWish
from quantgraph.domain.errors import NotFound, StartupError, Unavailable, Unsupported
from quantgraph.domain.operations import unsaid
from quantgraph.domain.ports.depth import NoDepth, NoDepthFeed
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import QuoteWatch, StreamKind
from quantgraph.domain.terminals import TerminalPart
from quantgraph.services.conformance.accounts import ACCOUNTS, LINK
from quantgraph.services.conformance.market import MARKET
from quantgraph.services.conformance.running import Subject, Verdict, outcomes
from quantgraph.services.quotes import SharedQuotes
from quantgraph.store.holders import HolderFile
from tests.api.real import Terminal
from tests.waiting import until

MAOTAI = "600519.SH"
EAST, WEST = "8880001", "8880002"


@pytest.fixture
async def east():
    made = Terminal("east", EAST)
    yield made
    await made.close()


@pytest.fixture
async def west():
    made = Terminal("west", WEST, seed=2)
    yield made
    await made.close()


def together(*terminals, market_data=(True, True)):
    made = [
        each if not isinstance(each, Terminal) else each.backend(None, None) for each in terminals
    ]
    pairs = zip(made, market_data, strict=True)
    return ManyTerminals([Member(each, asked) for each, asked in pairs]).backend()


async def price(backend):
    (quote,) = await backend.quotes.quotes([MAOTAI])
    return quote.last_price


async def test_several_terminals_pass_the_suite_of_every_back_end(east, west):
    both = together(east, west)
    subject = Subject(both, east.clock, (MAOTAI, "000001.SZ", "600000.SH"), None, None)
    found = [each async for each in outcomes((*LINK, *MARKET, *ACCOUNTS), subject, 20)]
    assert [each for each in found if each.verdict is Verdict.FAILED] == []
    assert unsaid(both.capabilities()) == []


async def test_market_data_is_the_first_ones_that_stands(east, west):
    both = together(east, west)
    of_east, of_west = await price(east.backend(None, None)), await price(west.backend(None, None))
    assert of_east != of_west
    assert await price(both) == of_east
    east.stand(up=False)
    assert await price(both) == of_west
    assert both.quotes.state().connected
    assert [*both.problems()] == ["east.market_data"]
    east.stand(up=True)
    assert await price(both) == of_east


async def test_a_call_that_finds_its_terminal_away_is_asked_of_the_next(east, west):
    first = east.backend(None, None)
    for code in (Reason.TERMINAL_OFFLINE, Reason.SOURCE_UNAVAILABLE):
        away = Unavailable(code, "gone")
        for answer in (_Raises(away), _Gives([away])):
            both = together(replace(first, quotes=answer), west)
            assert await price(both) == await price(west.backend(None, None))
    both = together(replace(first, quotes=_Raises(Unavailable(Reason.TIMED_OUT, "late"))), west)
    with pytest.raises(Unavailable) as caught:
        await both.quotes.quotes([MAOTAI])
    assert caught.value.reason is Reason.TIMED_OUT


async def test_nothing_falls_back_to_simulated_data(east, west):
    west.source = Source.SIMULATED
    gone = Unavailable(Reason.TERMINAL_OFFLINE, "gone")
    both = together(replace(east.backend(None, None), quotes=_Raises(gone)), west)
    east.stand(up=False)
    with pytest.raises(Unavailable) as caught:
        await both.quotes.quotes([MAOTAI])
    assert caught.value is gone
    # Where somebody put it first, it was asked for.
    assert await price(together(west, east)) == await price(west.backend(None, None))


async def test_what_one_lacks_is_asked_of_another(east, west):
    without = replace(east.backend(None, None), depth=NoDepth(), depth_feed=NoDepthFeed())
    both = together(without, west)
    (book,) = await both.depth.order_books([MAOTAI])
    assert book.symbol == MAOTAI
    async with aclosing(both.depth_feed.books(DepthWatch(MAOTAI, 10))) as books:
        await anext(books)
    west.stand(up=False)
    with pytest.raises(Unavailable, match="is away"):
        await both.depth.order_books([MAOTAI])
    with pytest.raises(Unsupported):
        await anext(both.depth_feed.books(DepthWatch(MAOTAI, 10)))


async def test_live_data_ends_where_another_terminal_is_asked(east, west):
    both = together(east, west)
    feeds = (
        both.quotes.follow(MAOTAI),
        both.bar_feed.follow(MAOTAI, Period.MIN_1),
        both.depth_feed.books(DepthWatch(MAOTAI, 10)),
    )
    for items in feeds:
        async with asyncio.timeout(10), aclosing(items):
            await anext(items)
            west.stand(up=False)
            west.stand(up=True)
            east.stand(up=False)
            with pytest.raises(Unavailable, match="terminal west"):
                async for _ in items:
                    pass
        east.stand(up=True)
    with pytest.raises(NotFound):
        await anext(both.quotes.follow("999999.SH"))


class Calls:
    """Quotes of a terminal that calls whoever listens, from the test."""

    def __init__(self, market):
        self.quotes, self.board, self.state = market.quotes, market.board, market.state
        self.listeners = {}

    async def listen(self, symbol, told):
        self.listeners[symbol] = told
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            del self.listeners[symbol]

    def follow(self, symbol):
        raise AssertionError(symbol)


async def test_many_symbols_of_several_terminals_cost_a_task_each_and_no_more(east, west):
    calls = Calls(east.market)
    both = together(replace(east.backend(None, None), quotes=calls), west)
    shared = SharedQuotes(both.quotes, both.quotes, lambda: "e1")
    symbols = (MAOTAI, "000001.SZ", "600000.SH", "000858.SZ")
    before = len(asyncio.all_tasks())
    async with asyncio.timeout(10), aclosing(shared.watch(QuoteWatch(symbols))) as events:
        told = [await anext(events) for _ in symbols]
        await until(lambda: len(calls.listeners) == len(symbols))
        assert len(asyncio.all_tasks()) == before + len(symbols)
        calls.listeners[MAOTAI](replace(told[0].quote, last_price=1.5))
        assert (await anext(events)).quote.last_price == 1.5
        # Who is not the first any more is listened to no longer, and a gap is told.
        east.stand(up=False)
        while (gap := await anext(events)).kind is not StreamKind.HEARTBEAT:
            pass
        assert not gap.source.connected
        assert calls.listeners == {}
    await shared.close()


async def test_an_account_is_asked_at_its_terminal(east, west):
    both = together(east, west)
    found = await both.accounts.accounts()
    assert {each.id: each.terminal for each in found} == {EAST: "east", WEST: "west"}
    west.stand(up=False)
    served, away, nobody = await both.accounts.assets([EAST, WEST, "nobody"])
    assert served.account_id == EAST
    assert away.reason is Reason.TERMINAL_OFFLINE
    assert nobody.reason is Reason.UNKNOWN_ACCOUNT
    statuses = {each.id: each.status for each in await both.accounts.accounts()}
    assert statuses == {EAST: AccountStatus.CONNECTED, WEST: AccountStatus.DISCONNECTED}
    assert (await both.accounts.means(EAST, MAOTAI)).sellable == 300
    assert await both.quotas.ipo_quotas(EAST) is not None
    assert await both.futures_positions.futures_position_statistics(EAST) == ()
    with pytest.raises(Unavailable):
        await both.accounts.means(WEST, MAOTAI)
    (held,) = await both.accounts.holdings([EAST])
    assert [each.symbol for each in held] == [MAOTAI]


async def test_an_account_is_unknown_only_when_every_terminal_has_told(east, west):
    west.stand(up=False)
    both = together(east, west)
    with pytest.raises(Unavailable) as caught:
        await both.accounts.means("nobody", MAOTAI)
    assert caught.value.reason is Reason.TERMINAL_OFFLINE
    assert [each.id for each in await both.accounts.accounts()] == [EAST]
    west.stand(up=True)
    with pytest.raises(NotFound):
        await both.accounts.means("nobody", MAOTAI)
    east.stand(up=False)
    west.stand(up=False)
    with pytest.raises(Unavailable):
        await together(east, west).accounts.accounts()


async def test_a_terminal_that_is_slow_to_tell_holds_up_no_account_that_is_known(
    east, west, monkeypatch
):
    monkeypatch.setattr(directory, "_KNOWN_S", 0.05)
    ways = [each.backend(None, None) for each in (east, west)]
    both = ManyTerminals([Member(each, market_data=True) for each in ways]).backend()
    assert len(await both.accounts.accounts()) == 2
    told, free = ways[1].accounts.accounts, asyncio.Event()

    async def slow():
        await free.wait()
        return await told()

    monkeypatch.setattr(ways[1].accounts, "accounts", slow)
    east.stand(up=True)  # something has changed: all are asked again
    async with asyncio.timeout(20):
        assert (await both.accounts.means(EAST, MAOTAI)).sellable == 300
        # Both are listed: the slow one's as it told them last.
        listed = {each.id: each.status for each in await both.accounts.accounts()}
    assert listed == {EAST: AccountStatus.CONNECTED, WEST: AccountStatus.CONNECTED}
    free.set()


async def test_an_account_that_two_terminals_claim_is_refused(east):
    twin = Terminal("west", EAST, seed=2)
    twin.stand(up=False)
    both = together(east, twin)
    assert (await both.accounts.means(EAST, MAOTAI)).sellable == 300
    twin.stand(up=True)
    with pytest.raises(Unsupported) as caught:
        await both.accounts.means(EAST, MAOTAI)
    assert caught.value.reason is Reason.ACCOUNT_AMBIGUOUS
    (refused,) = await both.accounts.assets([EAST])
    assert refused.reason is Reason.ACCOUNT_AMBIGUOUS
    assert await both.accounts.accounts() == []
    assert "same account" in both.problems()["accounts"]
    assert EAST not in str(both.problems())
    await twin.close()


async def test_what_two_terminals_claimed_is_refused_after_a_restart_as_well(east, tmp_path):
    twin, file = Terminal("west", EAST, seed=2), HolderFile(tmp_path / "terminals.json")
    pair = [Member(each.backend(None, None)) for each in (east, twin)]
    assert await ManyTerminals(pair, file).backend().accounts.accounts() == []
    twin.stand(up=False)
    anew = ManyTerminals(pair, HolderFile(tmp_path / "terminals.json")).backend()
    (refused,) = await anew.accounts.assets([EAST])
    assert refused.reason is Reason.ACCOUNT_AMBIGUOUS
    assert await anew.accounts.accounts() == []
    # Who remembers nothing knows of nobody else that has it.
    (served,) = await ManyTerminals(pair).backend().accounts.assets([EAST])
    assert served.account_id == EAST
    # A terminal that is named no more claims nothing.
    (served,) = await ManyTerminals(pair[:1], file).backend().accounts.assets([EAST])
    assert served.account_id == EAST
    file.write({})
    assert (tmp_path / "terminals.json").stat().st_mode & 0o077 == 0
    (tmp_path / "terminals.json").write_text("[1]")
    with pytest.raises(StartupError):
        ManyTerminals(pair, file)
    await twin.close()


async def test_a_terminal_for_its_accounts_alone_is_told_of_without_its_market(east, west):
    both = together(east, west, market_data=(False, True))
    assert await price(both) == await price(west.backend(None, None))
    alone, other = both.parts
    assert [each.part for each in alone.status().links] == [TerminalPart.TRADING]
    assert len(other.status().links) == 2
    rows = {each.operation: each for each in alone.capabilities()}
    assert "market_data = false" in rows["bars"].reason
    assert rows["accounts.assets"].available
    assert {each.operation: each for each in both.capabilities()}["bars"].available
    east.stand(up=False)
    assert both.problems() == {}
    assert [each.name for each in both.parts] == ["east", "west"]


async def test_downloads_go_to_the_first_that_can(east, west):
    for each in (east, west):
        each.downloader = _Fetches(each.name)
    wish = DownloadWish(DownloadKind.SECTORS)
    both = together(east, west)
    east.stand(up=False)
    assert await both.downloader.run(wish, lambda _: None) == "east"
    east.downloader.refusal = Unsupported(Reason.TERMINAL_LACKS, "not here")
    assert await both.downloader.run(wish, lambda _: None) == "west"
    west.downloader.refusal = Unavailable(Reason.SOURCE_UNAVAILABLE, "away")
    with pytest.raises(Unavailable):
        await both.downloader.run(wish, lambda _: None)
    assert both.downloader.source is Source.TERMINAL


async def test_several_terminals_make_no_sender(east, west):
    with pytest.raises(StartupError) as caught:
        together(east, west).sender()
    assert caught.value.reason is Reason.MODE_UNAVAILABLE
    assert (east.senders, west.senders) == (0, 0)


class _Raises:
    """Quotes of a terminal that refuses."""

    def __init__(self, error):
        self._error = error

    async def quotes(self, symbols):
        raise self._error


class _Gives:
    """Quotes of a terminal that answers so."""

    def __init__(self, answer):
        self._answer = answer

    async def quotes(self, symbols):
        return self._answer


class _Fetches:
    """A downloader that says whose it is."""

    source, refusal = Source.TERMINAL, None

    def __init__(self, name):
        self._name = name

    async def run(self, wish, told):
        if self.refusal is not None:
            raise self.refusal
        return self._name
