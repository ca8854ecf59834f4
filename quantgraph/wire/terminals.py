"""How terminals stand."""

from collections.abc import Sequence

from quantgraph.domain.terminals import AccountLogin, TerminalLink, TerminalNews, TerminalStatus
from quantgraph.v1 import terminals_pb2
from quantgraph.wire.enums import SOURCE, STREAM_KIND, TERMINAL_PART, TERMINAL_STATE
from quantgraph.wire.fields import instant_from_proto, instant_to_proto


def terminal_to_proto(status: TerminalStatus) -> terminals_pb2.TerminalStatus:
    """Write a terminal."""
    return terminals_pb2.TerminalStatus(
        name=status.name,
        kind=status.kind,
        source=SOURCE.to_proto(status.source),
        state=TERMINAL_STATE.to_proto(status.state),
        links=[_link(each) for each in status.links],
        logins=[
            terminals_pb2.AccountLogin(
                account_id=each.account_id, ready=each.ready, reason=each.reason
            )
            for each in status.logins
        ],
        sdk_version=status.sdk_version,
        terminal_version=status.terminal_version,
    )


def terminal_from_proto(message: terminals_pb2.TerminalStatus) -> TerminalStatus:
    """Read a terminal; its state is that of its links."""
    has = message.HasField
    return TerminalStatus(
        name=message.name,
        kind=message.kind,
        source=SOURCE.from_proto(message.source, "source"),
        links=tuple(_link_of(each) for each in message.links),
        logins=tuple(
            AccountLogin(
                each.account_id, each.ready, each.reason if each.HasField("reason") else None
            )
            for each in message.logins
        ),
        sdk_version=message.sdk_version if has("sdk_version") else None,
        terminal_version=message.terminal_version if has("terminal_version") else None,
    )


def news_to_proto(news: TerminalNews) -> terminals_pb2.TerminalEvent:
    """Write one item of a stream."""
    return terminals_pb2.TerminalEvent(
        kind=STREAM_KIND.to_proto(news.kind), terminals=written(news.terminals)
    )


def news_from_proto(message: terminals_pb2.TerminalEvent) -> TerminalNews:
    """Read one item of a stream."""
    kind = STREAM_KIND.from_proto(message.kind, "kind")
    return TerminalNews(kind, tuple(terminal_from_proto(each) for each in message.terminals))


def written(terminals: Sequence[TerminalStatus]) -> list[terminals_pb2.TerminalStatus]:
    """Write every terminal."""
    return [terminal_to_proto(each) for each in terminals]


def _link(link: TerminalLink) -> terminals_pb2.TerminalLink:
    since, last = link.since, link.last_event
    return terminals_pb2.TerminalLink(
        part=TERMINAL_PART.to_proto(link.part),
        state=TERMINAL_STATE.to_proto(link.state),
        since=None if since is None else instant_to_proto(since),
        last_event=None if last is None else instant_to_proto(last),
        attempts=link.attempts,
        reason=link.reason,
    )


def _link_of(message: terminals_pb2.TerminalLink) -> TerminalLink:
    has = message.HasField
    return TerminalLink(
        part=TERMINAL_PART.from_proto(message.part, "part"),
        state=TERMINAL_STATE.from_proto(message.state, "state"),
        since=instant_from_proto(message.since, "since") if has("since") else None,
        last_event=(
            instant_from_proto(message.last_event, "last_event") if has("last_event") else None
        ),
        attempts=message.attempts,
        reason=message.reason if has("reason") else None,
    )
