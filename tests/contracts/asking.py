"""Asks both wires the same, out of one set of arguments in GraphQL's words."""

import json
from collections.abc import Mapping
from contextlib import aclosing
from datetime import date, datetime
from typing import Any

import httpx
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from graphql import get_named_type, get_nullable_type, is_list_type, is_union_type
from grpc import aio

from api.app import build_app
from api.callers import Caller
from api.execution import Executor
from api.requests import GraphQLRequest
from api.responses import RequestRefused
from api.slots import KeptTexts, Text
from quantgraph.config import Config, LimitsConfig
from quantgraph.services.access import LOCAL
from resolvers.root import graphql_schema
from tests.contracts.fuzz import SCHEMA, refusable
from tests.contracts.pairs import Arguments, Pair
from tests.contracts.walking import plain, selection
from tests.grpc_bridge.calls import Refusal, call, methods, path
from tests.grpc_bridge.world import World

# Pages go by other words, and batches take one symbol or many.
_WORDS = {"first": "page_size", "after": "page_token", "stocks": "stock_symbols"}
RPCS: Mapping[str, MethodDescriptor] = {
    f"{each.containing_service.name}.{each.name}": each for each in methods()
}


class Refused(Exception):
    """What either wire refuses with: the code."""


def item_type(pair: Pair) -> Any:
    """Return the descriptor of the message that answers an operation."""
    message = RPCS[pair.rpc].output_type
    for name in filter(None, pair.answer.replace("[]", "").split(".")):
        message = message.fields_by_name[name].message_type
    return message


def request_of(pair: Pair, arguments: Arguments) -> Message:
    """Return the rpc's request for GraphQL's arguments."""
    kind = RPCS[pair.rpc].input_type
    made = message_factory.GetMessageClass(kind)()
    for name, value in arguments.items():
        field = request_field(kind, name)
        if field is None:
            raise LookupError(f"{kind.name} has no field for {name}")
        _put(made, field, value)
    for name, value in pair.extra.items():
        _put(made, kind.fields_by_name[name], value)
    return made


def request_field(kind: Any, argument: str) -> FieldDescriptor | None:
    """Return the request's field for an argument."""
    word = _WORDS.get(argument, argument)
    for field in kind.fields:
        if word in {field.name, field.json_name}:
            return field
    return kind.fields_by_name.get(f"{argument}s") if argument == "symbol" else None


def _put(message: Message, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated:
        items = value if isinstance(value, list) else [value]
        if field.message_type is None:
            getattr(message, field.name).extend(_scalar(field, each) for each in items)
        else:
            for each in items:
                _fill(getattr(message, field.name).add(), each)
    elif field.message_type is None:
        setattr(message, field.name, _scalar(field, value))
    else:
        _fill(getattr(message, field.name), value)


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    if field.enum_type is None:
        return value
    prefix = field.enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return field.enum_type.values_by_name[f"{prefix}{value.removeprefix(prefix)}"].number


def _fill(message: Any, value: Any) -> None:
    kind = message.DESCRIPTOR.name
    if isinstance(value, dict):
        for name, part in value.items():
            _put(message, request_field(message.DESCRIPTOR, name), part)
    elif kind == "SymbolList":
        message.symbols.extend(value)
    elif kind == "Decimal":
        message.value = value
    elif kind == "Timestamp":
        message.FromDatetime(datetime.fromisoformat(value))
    elif kind == "TimeBound":
        _fill(message.time if "T" in value else message.date, value)
    else:
        day = date.fromisoformat(value)
        message.year, message.month, message.day = day.year, day.month, day.day


def document(label: str, pair: Pair) -> str:
    """Return the GraphQL document that selects all that travels on both wires."""
    root, name = label.split(".")
    field = SCHEMA.type_map[root].fields[name]
    declared = ", ".join(f"${each}: {argument.type}" for each, argument in field.args.items())
    given = ", ".join(f"{each}: ${each}" for each in field.args)
    call = f"{name}({given})" if given else name
    head = f"{root.lower()} ({declared})" if declared else root.lower()
    return f"{head} {{ {call} {{ {_chosen(get_named_type(field.type), pair)} }} }}"


def _chosen(kind: Any, pair: Pair) -> str:
    message = item_type(pair)
    if kind.name.endswith("Connection"):
        inner = selection(kind.fields["nodes"].type, message)
        return f"nodes {{ {inner} }} pageInfo {{ hasNextPage }}"
    if is_union_type(kind):
        success = kind.types[0]
        chosen = f"... on {success.name} {{ {selection(success, message)} }}"
        return f"{chosen} ... on Problem {{ code }}" if refusable(kind) else chosen
    return selection(kind, message)


def _operation(label: str) -> tuple[str, Any]:
    root, name = label.split(".")
    return name, SCHEMA.type_map[root].fields[name]


class Both:
    """One gateway in memory behind both wires."""

    def __init__(self, world: World, channel: aio.Channel) -> None:
        """Ask `world` by GraphQL, and by gRPC through `channel`."""
        app = build_app(graphql_schema, world.gateway, Config())
        self._http = httpx.ASGITransport(app)
        self._executor = Executor(graphql_schema, world.gateway, LimitsConfig(), KeptTexts(0))
        self._channel = channel

    async def graphql(self, label: str, pair: Pair, arguments: Arguments) -> Any:
        """Return the answer, without its page's frame; an item's error is null. Raises Refused."""
        name, field = _operation(label)
        given = {"input": arguments} if "input" in field.args else dict(arguments)
        body = {"query": document(label, pair), "variables": given}
        async with httpx.AsyncClient(transport=self._http, base_url="http://127.0.0.1") as client:
            answer = (await client.post("/graphql", json=body)).json()
        found = (answer.get("data") or {}).get(name)
        if found is None and "errors" in answer:
            raise Refused(answer["errors"][0]["extensions"]["code"])
        if isinstance(found, dict) and set(found) == {"code"}:
            raise Refused(found["code"])
        if isinstance(found, dict) and "pageInfo" in found:
            return found["nodes"], found["pageInfo"]["hasNextPage"]
        return found

    async def grpc(self, label: str, pair: Pair, arguments: Arguments) -> Any:
        """Return the same from the rpc. Raises Refused."""
        method = RPCS[pair.rpc]
        raw = request_of(pair, arguments).SerializeToString()
        try:
            answer = await self._channel.unary_unary(path(method))(raw)
        except aio.AioRpcError as error:
            raise Refused(Refusal(error).reason.value) from None
        response: Any = message_factory.GetMessageClass(method.output_type).FromString(answer)
        return shown(_operation(label)[1].type, pair, response)

    async def refusal(self, pair: Pair, asked: Message) -> tuple[Any, list[str]]:
        """Send what must be refused; return the status and the fields that it names."""
        raw, method = asked.SerializeToString(), RPCS[pair.rpc]
        try:
            await call(self._channel, method, raw)
        except aio.AioRpcError as error:
            return error.code(), Refusal(error).fields
        return None, []

    async def graphql_events(self, label: str, pair: Pair, arguments: Arguments, count: int) -> Any:
        """Return the first events of a subscription. Raises Refused."""
        name, _ = _operation(label)
        request = GraphQLRequest(document(label, pair), dict(arguments))
        caller = Caller(LOCAL, "parity")
        operation = await self._executor.prepare(request, caller)
        try:
            async with aclosing(self._executor.stream(operation, request, caller)) as stream:
                texts = [Text((await anext(stream)).response).whole() for _ in range(count)]
                return [json.loads(text)["data"][name] for text in texts]
        except RequestRefused as refused:
            raise Refused(refused.reason.value) from None

    async def grpc_events(self, label: str, pair: Pair, arguments: Arguments, count: int) -> Any:
        """Return the first events of a stream. Raises Refused."""
        method = RPCS[pair.rpc]
        made = message_factory.GetMessageClass(method.output_type)
        raw = request_of(pair, arguments).SerializeToString()
        stream = self._channel.unary_stream(path(method))(raw)
        found: list[Any] = []
        try:
            while len(found) < count:
                found += said(pair, made.FromString(await stream.read()))
        except aio.AioRpcError as error:
            raise Refused(Refusal(error).reason.value) from None
        stream.cancel()
        return [plain(_operation(label)[1].type, each) for each in found[:count]]


def shown(kind: Any, pair: Pair, response: Any) -> Any:
    """Return what an rpc answered as GraphQL's type would say it. Raises Refused."""
    kind = get_nullable_type(kind)
    if is_union_type(kind):
        return plain(kind.types[0], response)
    if getattr(kind, "name", "").endswith("Connection"):
        nodes = kind.fields["nodes"].type
        return _items(nodes, pair, response), bool(response.next_page_token)
    found = _items(kind, pair, response)
    if "[]" not in pair.answer:
        return found
    if is_list_type(kind):
        return [None if isinstance(each, Refused) else each for each in found]
    if isinstance(found[0], Refused):
        raise found[0]
    return found[0]


def said(pair: Pair, response: Any) -> list[Any]:
    """Return the events of a stream's message."""
    value = getattr(response, pair.answer.removesuffix("[]"))
    return list(value) if "[]" in pair.answer else [value]


def _items(kind: Any, pair: Pair, response: Any) -> Any:
    """Return what the path of a pair leads to; a failed item is the Refused in its place."""
    holder, _, inner = pair.answer.partition("[]")
    if not holder:
        return plain(kind, response)
    if "[]" not in pair.answer:
        return plain(kind, getattr(response, holder)) if response.HasField(holder) else None
    inner = inner.removeprefix(".")
    return [
        plain(kind, getattr(each, inner) if inner else each)
        if not inner or each.HasField(inner)
        else Refused(each.failure.code)
        for each in getattr(response, holder)
    ]
