"""Pages of holdings go by symbol, whatever is bought and sold between two of them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.accounts import (
    Account,
    AccountQuery,
    AccountStatus,
    Position,
    PositionQuery,
    account_page,
    position_page,
)
from quantgraph.domain.sources import Source

SYMBOLS = st.sampled_from([f"60000{n}.SH" for n in range(10)])


def held(symbols):
    one = Decimal("1.00")
    return [Position("a", each, 1, 1, one, None, None, None, Source.SIMULATED) for each in symbols]


@given(st.sets(SYMBOLS), st.none() | st.frozensets(SYMBOLS), st.integers(1, 4), st.sets(SYMBOLS))
def test_pages_join_to_the_whole_though_holdings_come_and_go(symbols, chosen, first, sold):
    after, seen, kept = None, [], symbols
    while True:
        page = position_page(held(kept), PositionQuery("a", chosen, first, after))
        seen += [each.symbol for each in page.positions]
        if not page.more:
            break
        after = seen[-1]
        kept = symbols - sold
    wanted = [each for each in sorted(symbols) if chosen is None or each in chosen]
    assert seen == sorted(set(seen))
    # What was held all the time is on exactly one page.
    assert [each for each in seen if each not in sold] == [w for w in wanted if w not in sold]


def test_without_a_size_all_that_follows_is_one_page():
    page = position_page(held(["b", "a", "c"]), PositionQuery("a", after="a"))
    assert ([each.symbol for each in page.positions], page.more) == (["b", "c"], False)


IDS = st.text("ab-1", min_size=1, max_size=3)
ONE = st.builds(
    Account, IDS, st.just("n"), st.sampled_from(["x", "y"]), st.sampled_from(AccountStatus)
)
FILTERS = st.tuples(
    st.none() | st.frozensets(IDS),
    st.none() | st.just("x"),
    st.none() | st.sampled_from(AccountStatus),
)


@given(st.lists(ONE, unique_by=lambda each: each.id), FILTERS, st.integers(1, 3))
def test_pages_of_accounts_join_to_those_that_match(accounts, filters, first):
    ids, terminal, status = filters
    after, seen, more = None, [], True
    while more:
        page = account_page(accounts, AccountQuery(*filters, first, after))
        seen += page.accounts
        more, after = page.more, page.accounts[-1].id if page.accounts else None
        assert len(page.accounts) == first or not more
    wanted = [
        each
        for each in accounts
        if (ids is None or each.id in ids)
        and (terminal is None or each.terminal == terminal)
        and (status is None or each.status is status)
    ]
    assert seen == sorted(wanted, key=lambda each: each.id)
    assert account_page(accounts, AccountQuery(*filters)).accounts == tuple(seen)
