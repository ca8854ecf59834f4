"""Level 2 and tables through another gateway: as it tells them, and cut with it."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import find

from grpc_bridge.server import start
from quantgraph.domain.depth import (
    DepthWatch,
    MoneyFlow,
    OrderQueues,
    OrderRank,
    QueueRequest,
    RankRequest,
)
from quantgraph.domain.errors import InvalidRequest, Unavailable, Unsupported, unknown_symbol
from quantgraph.domain.ports.depth import NoDepth
from quantgraph.domain.reasons import Reason
from quantgraph.domain.tables import TableRequest, begin_of, check_place, page_of
from tests.backends.remote.agents import agent_at
from tests.contracts.pairs import PRICES
from tests.wire.strategies import domain

MAOTAI, NOBODY = "600519.SH", "999999.SH"


def any_of(kind, **fixed):
    return find(domain(kind, **fixed), lambda _: True)


FLOW = any_of(MoneyFlow)
QUEUES, RANK = any_of(OrderQueues), any_of(OrderRank)


class Told(NoDepth):
    """Level 2 of a terminal that has it."""

    def __init__(self):
        self.asked = []

    async def money_flows(self, symbols):
        return [unknown_symbol(each) if each == NOBODY else FLOW for each in symbols]

    async def order_queues(self, request):
        self.asked.append(request)
        return QUEUES

    async def order_rank(self, request):
        self.asked.append(request)
        return RANK


@asynccontextmanager
async def opened(agent):
    backend = agent.terminal().backend()
    try:
        yield backend
    finally:
        await backend.close()


async def test_flows_queues_and_ranks_are_those_that_the_agent_tells(tmp_path):
    async with agent_at(tmp_path) as agent:
        told = Told()
        await agent.leave()
        wires = agent.config.grpc.model_copy(update={"port": agent.port})
        agent.server = await start(replace(agent.assembly.gateway, depth=told), wires)
        async with opened(agent) as backend:
            flow, failure = await backend.depth.money_flows([MAOTAI, NOBODY])
            assert (flow, failure.reason) == (FLOW, Reason.UNKNOWN_SYMBOL)
            queues = QueueRequest(MAOTAI, levels=3)
            rank = any_of(RankRequest)
            assert await backend.depth.order_queues(queues) == QUEUES
            assert await backend.depth.order_rank(rank) == RANK
            assert told.asked == [queues, rank]
            with pytest.raises(Unsupported) as caught:
                await backend.depth.order_books([MAOTAI])
            assert caught.value.reason is Reason.TERMINAL_LACKS


async def test_a_live_book_comes_through_until_it_is_cut(tmp_path):
    async with (
        asyncio.timeout(20),
        agent_at(tmp_path, speed=60.0) as agent,
        opened(agent) as backend,
        aclosing(backend.depth_feed.books(DepthWatch(MAOTAI, 5))) as books,
    ):
        async for book in books:
            if book is not None:
                break
        assert book.symbol == MAOTAI
        assert 0 < len(book.bids) <= 5
        with pytest.raises(Unsupported):
            await anext(backend.depth_feed.queues(DepthWatch(MAOTAI, 5)))
        await agent.leave()
        with pytest.raises(Unavailable) as caught:
            async for _ in books:
                pass
        assert caught.value.reason is Reason.TERMINAL_OFFLINE


async def test_a_table_is_read_page_by_page_as_at_the_agent(tmp_path):
    async with agent_at(tmp_path) as agent, opened(agent) as backend:
        lists = agent.assembly.gateway.lists
        table = next(each for each in await backend.catalog.tables() if each.name == PRICES)
        request, pages = TableRequest(PRICES, first=2), 0
        more = True
        while more and pages < 3:
            first = begin_of(request)
            found = await backend.catalog.table_slice(table, request, first)
            check_place(request, found)
            page = page_of(table, request, found, first)
            there = await lists.table_rows(request)
            assert (page.columns, page.rows, page.total) == (
                there.columns, there.rows, there.total
            )  # fmt: skip
            assert page.more is there.more
            more, pages = page.more, pages + 1
            if more:
                assert page.next == there.next
                request = replace(request, after=page.next)
        assert pages > 1
        stale = replace(request, after="another:2")
        with pytest.raises(InvalidRequest) as caught:
            await backend.catalog.table_slice(table, stale, 2)
        assert caught.value.reason is Reason.INVALID_CURSOR
