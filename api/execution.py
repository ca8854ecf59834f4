"""Runs operations: the same path for every transport."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing
from functools import partial
from typing import Any

import orjson
import structlog
from graphql import ExecutionResult, OperationType
from strawberry import Schema

from api.arguments import arguments_of
from api.bar_texts import BarCall, bar_responses
from api.begun import Begun
from api.bills import Shown, Till
from api.callers import Caller
from api.core import Core, CoreSettings, Prepared, Run, VariablesRefused, run_at_once
from api.deadlines import Deadlines
from api.documents import DocumentRefused, Documents, Operation
from api.errors import show_error, show_failure, show_graphql, show_result
from api.policy import OPEN, DocumentPolicy
from api.quote_texts import QuoteCall, quote_responses
from api.ready import ReadyOperations
from api.refusals import Refusals, actor_of
from api.requests import GraphQLRequest, RequestReader
from api.responses import Event, RequestRefused, Response
from api.roots import Arguments
from api.slots import KeptTexts
from quantgraph.config import LimitsConfig
from quantgraph.domain.access import act_as
from quantgraph.domain.audit import listen
from quantgraph.domain.budget import OperationBudget
from quantgraph.domain.calls import Underway
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.live_bars import BarWatch
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.reasons import Reason
from quantgraph.domain.traces import follow
from resolvers.loaders import OperationLoaders
from resolvers.quotes import Asked
from schema.context import Context

_log = structlog.get_logger(__name__)


class Executor:
    """Executes requests against one schema and one gateway."""

    def __init__(
        self,
        schema: Schema,
        gateway: Gateway,
        limits: LimitsConfig,
        texts: KeptTexts,
        policy: DocumentPolicy = OPEN,
    ) -> None:
        """Prepare nothing yet; documents are prepared when they first come, if they are trusted."""
        self.reader = RequestReader(limits.json_depth, policy.trusted)
        self._core = Core(schema, CoreSettings(limits.ordinary_rows, texts, policy.suggestions))
        self._gateway = gateway
        self._refusals = Refusals(gateway.audit)
        self._deadlines = Deadlines(limits.resolver_seconds)
        self._documents = Documents(self._core.schema, limits, policy)
        self._ready = ReadyOperations(self._core, self._documents.apart)
        self.underway = Underway()
        self.till = Till(gateway.meter, limits.query_cost, gateway.calls)
        self.limits = limits

    def adopt(self, limits: LimitsConfig) -> None:
        """Execute within new limits from now on."""
        self.limits, self.till.most = limits, limits.query_cost
        self.reader.deepest = limits.json_depth
        self._deadlines.seconds = limits.resolver_seconds
        self._core.adopt(limits.ordinary_rows)
        self._documents.adopt(limits)

    async def prepare(self, request: GraphQLRequest, caller: Caller) -> Operation:
        """Return the operation that a request asks for, if the caller may run it.

        Raises RequestRefused.
        """
        try:
            self.till.open(caller.principal.key_id, caller.bill, request.query)
            operation = await self._documents.operation(request.query, request.operation_name)
            self.check(operation, request, caller)
        except DocumentRefused as refused:
            self.till.blame(caller.principal.key_id, caller.bill)
            errors = [
                show_graphql(error, refused.reason, caller.request_id) for error in refused.errors
            ]
            raise RequestRefused(refused.reason, errors) from None
        except GatewayError as error:
            if error.reason is Reason.QUERY_TOO_LARGE:
                self.till.blame(caller.principal.key_id, caller.bill)
            raise self.refused(error, caller) from None
        return operation

    @staticmethod
    def refused(error: GatewayError, caller: Caller) -> RequestRefused:
        """Return what answers a request that is not executed."""
        return RequestRefused(error.reason, [show_error(error, caller.request_id)])

    def known(self, request: GraphQLRequest) -> Operation | None:
        """Return the operation of a document that was prepared before; never waits."""
        memory = request.memory
        if memory.operation is None:
            memory.operation = self._documents.known(request.query, request.operation_name)
        return memory.operation

    def check(self, operation: Operation, request: GraphQLRequest, caller: Caller) -> None:
        """Raise FORBIDDEN unless the caller may run the operation; ONE_ORDER_FIELD.

        Takes what it costs. Errors: COST_LIMIT, RATE_LIMITED.
        """
        bill = caller.bill
        bill.key_id, bill.operation = caller.principal.key_id, operation
        bill.trail = self.till.trail(bill)
        if bill.trail is not None:
            bill.trail.asked = partial(arguments_of, operation, request.variables)
        memory = request.memory
        try:
            if memory.passed is not caller.principal or memory.operation is not operation:
                memory.admit(caller.principal, operation, request.variables)
            self.till.charge(bill.key_id, operation.root_fields, bill, memory.points)
        except GatewayError as error:
            self._refusals.whole(operation, caller, error)
            raise

    async def run(self, operation: Operation, request: GraphQLRequest, caller: Caller) -> Response:
        """Execute a query or mutation. Raises RequestRefused where no execution took place."""
        return await self.finish(self.begin(operation, request, caller), caller)

    def begin(
        self, operation: Operation, request: GraphQLRequest, caller: Caller
    ) -> Begun[Response]:
        """Execute a query or mutation up to where it first waits; what is at hand is done then."""
        return Begun(self._execute(operation, request, caller))

    async def finish(self, begun: Begun[Response], caller: Caller) -> Response:
        """Return the response of what was begun, in time. Raises RequestRefused."""
        if begun.done:
            return begun.result()
        try:
            with self._deadlines.watch():
                return await begun
        except TimeoutError:
            text = f"Not finished after {self._deadlines.seconds} s and abandoned."
            error = Unavailable(Reason.TIMED_OUT, text)
            raise RequestRefused(error.reason, [show_error(error, caller.request_id)]) from None

    async def _execute(
        self, operation: Operation, request: GraphQLRequest, caller: Caller
    ) -> Response:
        follow(caller.bill.trail)
        try:
            prepared, bound = await request.memory.find(operation, request.variables, self._ready)
        except VariablesRefused as refused:
            return self._shown(ExecutionResult(None, refused.errors), caller)
        heard = None
        if operation.type is OperationType.MUTATION:
            act_as(actor_of(caller))
            heard = listen()
        with OperationBudget():
            context = self._context(caller)
            context.picks = prepared.picks
            work = prepared.run(bound, context)
            if operation.introspective:
                result = await self._documents.apart(run_at_once, work)
            else:
                result = await work
        if heard is not None and result.errors:
            self._refusals.fields(result.errors, heard)
        return self._shown(result, caller)

    async def stream(
        self, operation: Operation, request: GraphQLRequest, caller: Caller
    ) -> AsyncGenerator[Event, None]:
        """Execute a subscription: one response per event. Raises RequestRefused, also midway."""
        with self.holding(operation, caller):
            async with aclosing(self._streamed(operation, request, caller)) as events:
                async for event in events:
                    yield event

    def holding(self, operation: Operation, caller: Caller) -> AbstractContextManager[None]:
        """Have a subscription listed, among those of its key, as long as it is open."""
        return self._gateway.subscriptions.open(actor_of(caller), ", ".join(operation.root_fields))

    def visit(
        self, caller: Caller, end: Callable[[GatewayError], None]
    ) -> AbstractContextManager[None]:
        """Hold a caller's connection open. Errors: CONNECTION_LIMIT. See `Visits.open`."""
        return self._gateway.visits.open(caller.principal, actor_of(caller), end)

    async def _streamed(
        self, operation: Operation, request: GraphQLRequest, caller: Caller
    ) -> AsyncGenerator[Event, None]:
        try:
            shared = await self._shared(operation, request)
            if shared is not None:
                async with aclosing(shared) as texts:
                    first = self.till.opening(caller.bill)
                    async for text in texts:
                        yield Event(orjson.Fragment(text[:-1] + first + b"}" if first else text))
                        first = b""
                return
            async with aclosing(self._executed(operation, request, caller)) as events:
                async for event in events:
                    yield event
        except RequestRefused:
            raise
        except GatewayError as error:
            raise RequestRefused(error.reason, [show_error(error, caller.request_id)]) from None
        except Exception as error:
            _log.exception("unexpected_error", request_id=caller.request_id)
            raise RequestRefused(Reason.INTERNAL, [show_failure(caller.request_id)]) from error

    async def _executed(
        self, operation: Operation, request: GraphQLRequest, caller: Caller
    ) -> AsyncGenerator[Event, None]:
        context = self._context(caller)
        run = Run(operation.document, operation.name, request.variables)
        source = await self._core.subscribe(run, context)
        if isinstance(source, ExecutionResult):
            errors = self._shown(source, caller)["errors"]
            raise RequestRefused(Reason(errors[0]["extensions"]["code"]), errors)
        first: Shown | None = self.till.shown(caller.bill)
        async with aclosing(source) as results:
            async for result in results:
                response = self._response(result, caller)
                if first is not None:
                    response["extensions"], first = first, None
                yield Event(response, context.place)
                # Each event has its own loaders, else the first event's answers stay for ever.
                context.loaders = OperationLoaders(self._gateway)

    async def quotes(self, operation: Operation, request: GraphQLRequest) -> QuoteCall | None:
        """Return what a plain `quotes` subscription writes and asks for.

        None for any other operation, and where `stream` is to tell what is wrong with it.
        """
        found = await self._plain(operation, request, "quotes")
        texts = None if found is None else found[0].quote_texts
        return None if texts is None or found is None else QuoteCall(texts, Asked(**found[1]))

    async def _shared(
        self, operation: Operation, request: GraphQLRequest
    ) -> AsyncGenerator[bytes] | None:
        """Return the texts of a plain stream of the market: written once for all who are told."""
        call = await self.quotes(operation, request)
        if call is not None:
            return quote_responses(self._gateway, call)
        found = await self._plain(operation, request, "bars")
        texts = None if found is None else found[0].bar_texts
        if texts is None or found is None:
            return None
        return bar_responses(self._gateway, BarCall(texts, BarWatch(**found[1])))

    async def _plain(
        self, operation: Operation, request: GraphQLRequest, field: str
    ) -> tuple[Prepared, Arguments] | None:
        """Return what the one root field is asked with; None where others tell what is wrong."""
        if operation.root_fields != (field,) or operation.type is not OperationType.SUBSCRIPTION:
            return None
        try:
            prepared, bound = await self._ready.find(operation, request.variables)
        except VariablesRefused:
            return None
        return None if bound.arguments is None else (prepared, bound.arguments)

    def _context(self, caller: Caller) -> Context:
        loaders = OperationLoaders(self._gateway)
        return Context(
            self._gateway,
            caller.principal,
            loaders,
            caller.request_id,
            resume=caller.resume,
            peer=caller.peer,
        )

    def _shown(self, result: ExecutionResult, caller: Caller) -> Response:
        response = self._response(result, caller)
        response["extensions"] = self.till.shown(caller.bill)
        return response

    @staticmethod
    def _response(result: ExecutionResult, caller: Caller) -> Response:
        response = show_result(result, caller.request_id)
        errors: list[dict[str, Any]] = response.get("errors", [])
        if errors and result.data is None and all("path" not in each for each in errors):
            raise RequestRefused(Reason.BAD_REQUEST, errors)
        return response
