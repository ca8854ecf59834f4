"""How requests, acts and events look in the log: JSON for machines, a line for people."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from quantgraph.domain.audit import Act
from quantgraph.domain.calls import Call
from quantgraph.domain.redaction import redact

_FORM = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
# Root fields that a line names.
_NAMED = 5


def event_json(event: Mapping[str, Any]) -> str:
    """Return an event as one line of JSON."""
    return orjson.dumps(event, repr, _FORM | orjson.OPT_NON_STR_KEYS).decode()


def call_json(call: Call) -> str:
    """Return a request as one line of JSON; a name that was not given is left out.

    Written by hand: there is one for each request. Transports, codes and ids need no escapes.
    """
    at = call.ended_at
    second = int(at)
    return (
        f'{{"timestamp":"{_second(second)}.{int((at - second) * 1e6):06d}Z",{_known(call[2:6])}'
        f'"request_id":"{call.request_id}","cost":{call.points},"ms":{call.seconds * 1e3:.3f},'
        f'"outcome":"{call.outcome}","event":"{"stream" if call.lasting else "request"}"}}\n'
    )


@lru_cache(1_024)
def _known(known: tuple[str, tuple[str, ...], str | None, str]) -> str:
    """Return what many lines have alike: transport, fields, name and key."""
    transport, fields, name, key_id = known
    told = {"level": "info", "transport": transport, "operation": _operation(fields), "key": key_id}
    if name is not None:
        told["name"] = clean(name)
    return orjson.dumps(told)[1:-1].decode() + ","


def call_text(call: Call) -> str:
    """Return a request for people."""
    at = datetime.fromtimestamp(call.ended_at, UTC).isoformat(timespec="milliseconds")
    name = "" if call.name is None else f" ({clean(call.name)})"
    return (
        f"{at.removesuffix('+00:00')}Z {call.transport:<4} {call.outcome} "
        f"{_operation(call.fields) or '-'}{name} {call.seconds * 1_000:.1f} ms "
        f"cost={call.points} key={call.key_id or '-'} id={call.request_id}\n"
    )


def act_json(act: Act) -> str:
    """Return an act as one line of JSON, without account numbers: audit.sqlite has the whole."""
    told = {
        "timestamp": act.time,
        "level": "info",
        "event": "act",
        "operation": act.operation,
        "outcome": act.outcome,
        "account": None if act.account_id is None else clean(act.account_id),
        "order_id": act.order_id,
        "key": act.actor.key_id,
        "wire": act.actor.wire,
        "peer": act.actor.peer,
    }
    return orjson.dumps(told, option=_FORM).decode()


@lru_cache(1_024)
def clean(text: str) -> str:
    """Return a text without account numbers."""
    return redact(text)


@lru_cache(2)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(1_024)
def _operation(fields: tuple[str, ...]) -> str:
    more = ", …" if len(fields) > _NAMED else ""
    return ", ".join(fields[:_NAMED]) + more
