"""Measures documents before they are validated: what they ask for drives what that costs."""

from collections import Counter

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)

from api.fragments import Fragments
from quantgraph.config import LimitsConfig
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason

# Fragments multiply: a document of 2,000 tokens can expand to millions of fields, which are counted
# before any is looked at.
MOST_FIELDS = 10_000
# An alias stands in every row of the answer: a long one makes a piece of it as large as it likes.
_LONGEST_ALIAS = 100


_Path = tuple[str, ...]


class Measure:
    """Walks a document with its fragments expanded; introspection is deep by nature."""

    def __init__(self, fragments: Fragments, limits: LimitsConfig) -> None:
        """Measure one operation, whose fragments run in no circle."""
        self._fragments = fragments
        self._limits = limits
        self._aliases = self._directives = self._roots = 0
        self._repeats: Counter[_Path] = Counter()

    def check(self, selections: SelectionSetNode) -> None:
        """Raise QUERY_TOO_LARGE where a limit is passed."""
        stack: list[tuple[SelectionSetNode, _Path]] = [(selections, ())]
        while stack:
            current, path = stack.pop()
            for node in current.selections:
                self._adorned(node)
                if isinstance(node, FieldNode):
                    below = self._field(node, path)
                    if node.selection_set is not None:
                        stack.append((node.selection_set, below))
                elif isinstance(node, InlineFragmentNode):
                    stack.append((node.selection_set, path))
                elif isinstance(node, FragmentSpreadNode):
                    found = self._fragments.get(node.name.value)
                    if found is not None:
                        stack.append((found.selection_set, path))

    def _adorned(self, node: SelectionNode) -> None:
        """Count the directives of a selection: each is validated against its definition."""
        self._directives += len(node.directives or ())
        if self._directives > self._limits.query_directives:
            raise too_large(f"full of directives; {self._limits.query_directives} are allowed")

    def _field(self, node: FieldNode, path: _Path) -> _Path:
        """Count a field and return the path of its own fields."""
        limits = self._limits
        name = node.alias.value if node.alias else node.name.value
        below = (*path, name)
        self._roots += not path
        if self._roots > limits.query_roots:
            raise too_large(f"asking for more than {limits.query_roots} root fields")
        self._repeats[below] += 1
        if self._repeats[below] > limits.query_repeats:
            # Whether they agree is compared pair by pair, with all that lies below them.
            raise too_large(
                f"asking for {name} more than {limits.query_repeats} times in one place"
            )
        if len(name) > _LONGEST_ALIAS:
            raise too_large(f"using names of more than {_LONGEST_ALIAS} characters")
        self._aliases += node.alias is not None
        if self._aliases > limits.query_aliases:
            raise too_large(f"full of aliases; {limits.query_aliases} are allowed")
        hidden = any(each.startswith("__") for each in below)
        if len(below) > limits.query_depth and not hidden:
            raise too_large(f"more than {limits.query_depth} levels deep")
        return below


def too_large(how: str) -> InvalidRequest:
    """Say which limit a document passes."""
    return InvalidRequest(Reason.QUERY_TOO_LARGE, f"The document is {how}.")
