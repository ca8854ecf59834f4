"""How terminals stand: links, versions and logins."""

from datetime import datetime

import strawberry

from quantgraph.domain import terminals as domain
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.terminals import TerminalPart, TerminalState


@strawberry.type(description="One link to a terminal. Times are the gateway's clock's.")
class TerminalLink:
    part: TerminalPart = strawberry.field(description="What it is to.")
    state: TerminalState = strawberry.field(description="Whether it stands.")
    since: datetime | None = strawberry.field(
        description="When it came to its state; null before the first attempt has ended."
    )
    last_event: datetime | None = strawberry.field(
        description="When it last told anything by itself: a quote, or a change of an order or "
        "account; null where it never has."
    )
    attempts: int = strawberry.field(description="Attempts to connect that have failed in a row.")
    reason: str | None = strawberry.field(
        description="Code of the last failure; null while it stands."
    )


@strawberry.type(description="The login of an account, as the terminal told it last.")
class AccountLogin:
    account_id: strawberry.ID = strawberry.field(description="Whose.")
    ready: bool = strawberry.field(description="Whether it takes orders.")
    reason: str | None = strawberry.field(description="Why not, in words; null where it does.")


@strawberry.type(description="A terminal as the gateway sees it now.")
class TerminalStatus:
    name: str = strawberry.field(description="Its name, as in `backends`.")
    kind: str = strawberry.field(description="What it is, for example sim.")
    source: Source = strawberry.field(description="SIMULATED, or TERMINAL where it is a real one.")
    state: TerminalState = strawberry.field(description="That of the link which stands worst.")
    links: list[TerminalLink] = strawberry.field(description="Its links, one per part.")
    logins: list[AccountLogin] = strawberry.field(
        description="Logins of those accounts that the asking key may know of."
    )
    sdk_version: str | None = strawberry.field(
        description="Version of the vendor's SDK; null where there is none."
    )
    terminal_version: str | None = strawberry.field(
        description="What the terminal says of its version and edition; null where it has said "
        "nothing."
    )

    @classmethod
    def from_domain(cls, status: domain.TerminalStatus) -> "TerminalStatus":
        """Show a terminal."""
        return cls(
            name=status.name,
            kind=status.kind,
            source=status.source,
            state=status.state,
            links=[_link(each) for each in status.links],
            logins=[
                AccountLogin(
                    account_id=strawberry.ID(each.account_id), ready=each.ready, reason=each.reason
                )
                for each in status.logins
            ],
            sdk_version=status.sdk_version,
            terminal_version=status.terminal_version,
        )


@strawberry.type(description="One item of a stream of terminals.")
class TerminalEvent:
    kind: StreamKind = strawberry.field(
        description="SNAPSHOT first, UPDATE for a change, HEARTBEAT every 5 s."
    )
    terminals: list[TerminalStatus] = strawberry.field(description="Every terminal as it is then.")

    @classmethod
    def from_domain(cls, news: domain.TerminalNews) -> "TerminalEvent":
        """Show what has happened."""
        terminals = [TerminalStatus.from_domain(each) for each in news.terminals]
        return cls(kind=news.kind, terminals=terminals)


def _link(link: domain.TerminalLink) -> TerminalLink:
    return TerminalLink(
        part=link.part,
        state=link.state,
        since=link.since,
        last_event=link.last_event,
        attempts=link.attempts,
        reason=link.reason,
    )
