"""Documents parsed, measured and validated once: a bounded cache keyed by their text."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NoFragmentCyclesRule,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)

from api.costs import Cost, Costs
from api.fragments import Expansion, Fragments, fragments_of
from api.measure import MOST_FIELDS, Measure, too_large
from api.policy import OPEN, DocumentPolicy
from api.tokens import too_many
from quantgraph.config import LimitsConfig
from quantgraph.domain.errors import InvalidRequest, bad_request
from quantgraph.domain.reasons import Reason

Given = TypeVar("Given")
Result = TypeVar("Result")
_MOST_ERRORS = 20
# Characters of all documents kept, of the longest of them, and what the shortest counts as. A
# character may take some hundred bytes of nodes.
_CACHED, _CACHED_TEXT, _LEAST = 256_000, 16_384, 500
# Characters that are parsed and validated within a few milliseconds.
_SHORT_TEXT = 300


class DocumentRefused(Exception):
    """The document has errors; `reason` says at which stage."""

    def __init__(self, reason: Reason, errors: list[GraphQLError]) -> None:
        """Carry graphql-core's own errors: they have locations."""
        super().__init__(reason)
        self.reason = reason
        self.errors = errors


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a valid document; `conditional` where @skip or @include ask variables.

    `size` tells what keeping it costs, in characters; `cost` what an execution of it counts for.
    `introspective`: it asks for nothing but the schema, which is long work that never waits.
    """

    document: DocumentNode
    name: str | None
    type: OperationType
    root_fields: tuple[str, ...]
    conditional: bool
    size: int
    cost: Cost
    introspective: bool


class Documents:
    """Prepares documents against a schema; least recently used ones are forgotten."""

    def __init__(
        self, schema: GraphQLSchema, limits: LimitsConfig, policy: DocumentPolicy = OPEN
    ) -> None:
        """Make an empty cache. Memory is bounded: long documents are not kept."""
        self._schema = schema
        self._limits = limits
        self._suggestions = policy.suggestions
        hidden = () if policy.introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, *hidden)
        # One thread: documents that are dear to validate wait for each other, not others for them.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="quantgraph-documents")
        self._known: OrderedDict[str, tuple[Operation, ...]] = OrderedDict()
        self._size = 0

    def adopt(self, limits: LimitsConfig) -> None:
        """Measure by new limits from now on: what was measured by others is forgotten."""
        self._limits = limits
        self._known.clear()
        self._size = 0

    async def operation(self, text: str, name: str | None) -> Operation:
        """Return the operation to run. A long document is prepared off the event loop.

        Raises DocumentRefused (GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED) and InvalidRequest
        (QUERY_TOO_LARGE, BAD_REQUEST where the operation name fits nothing).
        """
        operations = self._known.get(text)
        if operations is None:
            limits = self._limits
            if too_many(text, limits.query_tokens):
                raise too_large(f"more than {limits.query_tokens} tokens long")
            operations = await self._prepared(text)
            held = text in self._known or limits is not self._limits  # measured by others
            if len(text) <= _CACHED_TEXT and not held:
                self._keep(text, operations)
        else:
            self._known.move_to_end(text)
        return _chosen(operations, name)

    def known(self, text: str, name: str | None) -> Operation | None:
        """Return the operation to run where its document was prepared before; never waits."""
        operations = self._known.get(text)
        if operations is None:
            return None
        self._known.move_to_end(text)
        try:
            return _chosen(operations, name)
        except InvalidRequest:
            return None

    def _keep(self, text: str, operations: tuple[Operation, ...]) -> None:
        self._known[text] = operations
        self._size += _size(text)
        while self._size > _CACHED:
            gone, _ = self._known.popitem(last=False)
            self._size -= _size(gone)

    async def _prepared(self, text: str) -> tuple[Operation, ...]:
        if len(text) <= _SHORT_TEXT:
            return self._prepare(text)
        return await self.apart(self._prepare, text)

    async def apart(self, work: Callable[[Given], Result], given: Given) -> Result:
        """Do off the event loop what computes for long and never waits."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, given)

    def _prepare(self, text: str) -> tuple[Operation, ...]:
        document = self._parse(text)
        self._measure(document)
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=_MOST_ERRORS,
            hide_suggestions=not self._suggestions,
        )
        if errors:
            raise DocumentRefused(Reason.GRAPHQL_VALIDATION_FAILED, errors)
        costs = Costs(self._schema, document, self._limits)
        fragments = fragments_of(document)
        conditional = _Conditions.found(document)
        operations: list[Operation] = []
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                name, kind, cost = node.name and node.name.value, node.operation, costs.of(node)
                roots = tuple(x.name.value for x in roots_of(node.selection_set, fragments))
                only = all(each.startswith("__") for each in roots)
                operations.append(
                    Operation(document, name, kind, roots, conditional, _size(text), cost, only)
                )
        return tuple(operations)

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self._limits.query_tokens)
        except GraphQLError as error:
            # graphql-core tells these two apart from syntax errors by its wording alone.
            if "tokens. Parsing aborted" in error.message:
                raise too_large(f"more than {self._limits.query_tokens} tokens long") from None
            if "nested too deeply" in error.message:
                raise too_large("nested too deeply to be read") from None
            raise DocumentRefused(Reason.GRAPHQL_PARSE_FAILED, [error]) from None

    def _measure(self, document: DocumentNode) -> None:
        """Refuse depth, alias and repetition floods before validation, whose cost they drive."""
        fragments = fragments_of(document)
        expansion = Expansion(fragments)
        asked = [
            node.selection_set
            for node in document.definitions
            if isinstance(node, OperationDefinitionNode)
        ]
        if any(expansion.size(each) > MOST_FIELDS for each in asked):
            raise too_large(f"more than {MOST_FIELDS} fields with fragments expanded")
        if expansion.circular:  # has no end to be measured at
            errors = validate(self._schema, document, [NoFragmentCyclesRule], _MOST_ERRORS)
            raise DocumentRefused(Reason.GRAPHQL_VALIDATION_FAILED, errors)
        for each in asked:
            Measure(fragments, self._limits).check(each)


def _size(text: str) -> int:
    return max(len(text), _LEAST)


class _Conditions(Visitor):
    """Looks for directives whose arguments are variables."""

    def __init__(self) -> None:
        super().__init__()
        self.any = False

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.any |= any(isinstance(each.value, VariableNode) for each in node.arguments or ())

    @classmethod
    def found(cls, document: DocumentNode) -> bool:
        """Return whether the document has any."""
        visitor = cls()
        visit(document, visitor)
        return visitor.any


def roots_of(selections: SelectionSetNode, fragments: Fragments) -> Iterator[FieldNode]:
    """Yield the root fields of an operation of a valid document."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from roots_of(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from roots_of(fragments[node.name.value].selection_set, fragments)


def _chosen(operations: tuple[Operation, ...], name: str | None) -> Operation:
    found = [each for each in operations if name is None or each.name == name]
    if len(found) == 1:
        return found[0]
    if not operations:
        raise bad_request("The document holds no operation.")
    if name is None:
        raise bad_request("The document holds several operations; say which in `operationName`.")
    raise bad_request(f"The document holds no operation {name[:60]!r}.")
