"""Documents are counted with their fragments expanded as if they were, and at once."""

from graphql import OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from api.fragments import Expansion, fragments_of


def counted(text):
    """What `Expansion` says of the one operation of a document."""
    document = parse(text)
    expansion = Expansion(fragments_of(document))
    (operation,) = (n for n in document.definitions if isinstance(n, OperationDefinitionNode))
    return expansion.size(operation.selection_set), expansion.circular


def written(spreads):
    """A document whose fragment n has a field, an inline fragment and spreads of others."""
    parts = [
        f"fragment F{n} on Query {{ a {{ b }} ... {{ c }} {' '.join(f'...F{m}' for m in below)} }}"
        for n, below in enumerate(spreads)
    ]
    return "{ ...F0 } " + " ".join(parts)


def walked(spreads, n, within=()):
    """The same by walking: the selections, and whether a fragment is met within itself."""
    if n in within:
        return 0, True
    if n >= len(spreads):
        return 0, False
    below = [walked(spreads, m, (*within, n)) for m in spreads[n]]
    return 4 + sum(1 + size for size, _ in below), any(circular for _, circular in below)


@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=1, max_size=5))
def test_counts_are_those_of_a_walk(spreads):
    size, circular = counted(written(spreads))
    true, round_ = walked(spreads, 0)
    assert circular is round_
    if not round_:
        assert size == 1 + true


def test_a_chain_that_doubles_is_counted_without_being_walked():
    spreads = [[n + 1, n + 1] for n in range(300)] + [[]]
    size, circular = counted(written(spreads))
    assert size > 1 << 300
    assert not circular
