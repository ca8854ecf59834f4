"""How much a document says with its fragments expanded: counted by sums, however they multiply."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)

Fragments = dict[str, FragmentDefinitionNode]


def fragments_of(document: DocumentNode) -> Fragments:
    """Return the fragments of a document by name."""
    return {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }


@dataclass(slots=True)
class _Own:
    """What stands in one selection set itself: selections, and the fragments that it spreads."""

    size: int = 0
    spreads: list[str] = field(default_factory=list[str])


class Expansion:
    """Sizes of the fragments of one document, in selections; each is looked at once."""

    def __init__(self, fragments: Fragments) -> None:
        """Count nothing yet."""
        self._fragments = fragments
        self._own: dict[str, _Own] = {}
        self._sizes: dict[str, int] = {}
        # What is being counted, each within the one before: who meets one of them is in a circle.
        self._within: set[str] = set()
        self.circular = False

    def size(self, selections: SelectionSetNode) -> int:
        """Return the selections of an operation, those of its fragments each time they are spread.

        `circular` says from then on whether one of them spreads itself: that counts once.
        """
        own = _counted(selections)
        return own.size + sum(self._size(name) for name in own.spreads)

    def _size(self, name: str) -> int:
        """Count what is below a fragment first, without recursion: chains may be long."""
        waiting = [name]
        while waiting:
            current = waiting[-1]
            own = self._held(current)
            if current in self._sizes:
                waiting.pop()
            elif current not in self._within:
                self._within.add(current)
                self.circular |= not self._within.isdisjoint(own.spreads)
                known = self._sizes.keys() | self._within
                waiting += [each for each in own.spreads if each not in known]
            else:
                self._sizes[current] = own.size + sum(self._sizes.get(n, 0) for n in own.spreads)
                self._within.discard(current)
        return self._sizes[name]

    def _held(self, name: str) -> _Own:
        if name not in self._own:
            found = self._fragments.get(name)
            self._own[name] = _Own() if found is None else _counted(found.selection_set)
        return self._own[name]


def _counted(selections: SelectionSetNode) -> _Own:
    own = _Own()
    for node in _within(selections):
        own.size += 1
        if isinstance(node, FragmentSpreadNode):
            own.spreads.append(node.name.value)
    return own


def _within(
    selections: SelectionSetNode,
) -> Iterator[FieldNode | InlineFragmentNode | FragmentSpreadNode]:
    waiting = [selections]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, (FieldNode, InlineFragmentNode)) and node.selection_set is not None:
                waiting.append(node.selection_set)
            if isinstance(node, (FieldNode, InlineFragmentNode, FragmentSpreadNode)):
                yield node
