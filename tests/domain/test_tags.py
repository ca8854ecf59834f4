"""Tags that find our orders in a terminal's list."""

from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.tags import LENGTH, tag_of

WORDS = st.text(min_size=1, max_size=64).filter(str.isprintable)


def test_a_tag_is_the_same_for_ever():
    # Orders of earlier versions are at the terminal under theirs: this text never changes.
    assert tag_of("0" * 32, "sim-1", "k1") == "q17joet52wvsbwgnri24nu"


@given(WORDS, WORDS, WORDS)
def test_a_tag_fits_the_remark_of_a_terminal(install, account, key):
    tag = tag_of(install, account, key)
    assert len(tag) == LENGTH == 22
    assert tag.isascii() and tag.startswith("q1") and tag == tag.lower() and tag.isalnum()


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), unique=True, max_size=6))
def test_no_two_orders_share_a_tag(triples):
    assert len({tag_of(*each) for each in triples}) == len(triples)


@given(WORDS, WORDS)
def test_what_stands_between_the_parts_is_no_part_of_them(left, right):
    assert tag_of("i", left + right, "k") != tag_of("i", left, right + "k")
    assert tag_of("i", f"{left}|{right}", "k") != tag_of("i", left, f"{right}|k")
