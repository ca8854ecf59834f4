"""The agent's desk: its accounts, its orders and its switches, as this gateway asks for them."""

from collections.abc import Mapping

from quantgraph.backends.remote.accounts import AgentAccounts
from quantgraph.backends.remote.batches import AgentBatches
from quantgraph.backends.remote.catalog import AgentQuotas
from quantgraph.backends.remote.connections import AgentConnections
from quantgraph.backends.remote.controls import AgentControls
from quantgraph.backends.remote.fills import AgentFills
from quantgraph.backends.remote.line import DeskLine
from quantgraph.backends.remote.portfolio import AgentPortfolio
from quantgraph.backends.remote.previews import AgentPreviews
from quantgraph.backends.remote.relay import Relay
from quantgraph.backends.remote.trading import AgentTrading
from quantgraph.domain.ports.desk import Desk, FarDesk


def open_desk(line: DeskLine) -> FarDesk:
    """Return the desk of the agent that a line leads to; nothing is asked yet."""
    agent, relay = line.agent, Relay(line)
    previews = AgentPreviews(line)
    desk = Desk(
        accounts=AgentAccounts(agent, line),
        connections=AgentConnections(line, relay),
        controls=AgentControls(line, relay),
        trading=AgentTrading(line, relay),
        batches=AgentBatches(line),
        previews=previews,
        allowances=previews,
        fills=AgentFills(line, relay),
        portfolio=AgentPortfolio(line),
        quotas=AgentQuotas(line),
    )

    def problems() -> Mapping[str, str]:
        why = line.mismatch()
        return {} if why is None else {"mode": why}

    return FarDesk(
        desk=desk,
        mode=lambda: None if agent.info is None else agent.info.mode,
        status=line.status,
        problems=problems,
        drain=relay.drain,
    )
