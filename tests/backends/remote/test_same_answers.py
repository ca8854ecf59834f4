"""One question, asked of a gateway and of another one over it, has one answer."""

from contextlib import AsyncExitStack

from quantgraph.domain.simulation import ClockChange
from tests.backends.remote.agents import Asker, agent_at, gateway_over, stands
from tests.contracts.asking import document
from tests.contracts.pairs import PAIRS

# What each gateway has of its own, or tells of itself: in dev accounts have paper twins besides.
OWN = {
    "accounts",
    "accountsPage",
    "downloadJob",
    "downloadJobs",
    "fills",
    "fingerprint",
    "mySubscriptions",
    "order",
    "orders",
    "previewOrder",
    "risk",
    "serverInfo",
    "simulation",
    "strategies",
    "tradingLimits",
    "tradingStatus",
}
# What no simulated terminal has an answer to: both say so.
SILENT = {
    "brokerQueues", "futuresPositionStatistics", "hongKongBrokers", "instrumentTags",
    "moneyFlows", "orderQueues", "orderRank", "terminalSubscriptions",
}  # fmt: skip
QUERIES = {
    label.partition(".")[2]: label
    for label in PAIRS
    if label.startswith("Query.") and label.partition(".")[2] not in OWN
}


async def test_every_sample_of_market_data_is_answered_alike(tmp_path):
    told = set()
    async with (
        AsyncExitStack() as stack,
        agent_at(tmp_path / "agent", start="2024-03-01") as agent,
        gateway_over(agent, tmp_path / "here") as (here, key),
    ):
        await agent.assembly.gateway.simulation.set_clock(ClockChange(paused=True))
        await stands(here)
        asker = Asker(stack)
        for name, label in QUERIES.items():
            query = document(label, PAIRS[label])
            for sample in PAIRS[label].samples:
                there = await asker.ask(agent.assembly, query, sample)
                assert await asker.ask(here, query, sample, key) == there, (label, sample)
                if there[0] and there[0].get(name):
                    told.add(name)
    # Samples that nobody answers would prove nothing.
    assert told == QUERIES.keys() - SILENT
