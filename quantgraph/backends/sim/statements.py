"""An invented company's books written as statement tables; every sum in them holds exactly."""

from collections.abc import Callable, Mapping

from quantgraph.backends.sim.company import Quarter
from quantgraph.backends.sim.universe import Profile
from quantgraph.domain.financials.fields import Statement

Values = Mapping[str, float | str]
_HOLDERS = 10


def _parts(total: int, shares: Mapping[str, int], rest: str) -> dict[str, int]:
    """Divide a total by ‰; `rest` takes what is left, so that the parts add up."""
    parts = {name: total * share // 1_000 for name, share in shares.items()}
    return parts | {rest: total - sum(parts.values())}


def _floats(values: Mapping[str, int]) -> dict[str, float | str]:
    return {name: float(value) for name, value in values.items()}


def _balance(profile: Profile, quarter: Quarter) -> list[Values]:
    other = quarter.assets - quarter.cash
    short = _parts(
        other * 400 // 1_000,
        {"accounts_receivable": 300, "inventories": 450},
        "other_current_assets",
    )
    current = quarter.cash + sum(short.values())
    fixed = _parts(
        quarter.assets - current,
        {"fixed_assets": 600, "intangible_assets": 150, "long_term_equity_investments": 100},
        "other_non_current_assets",
    )
    debts = _debts(quarter)
    values = {
        "cash_and_equivalents": quarter.cash,
        **short,
        "total_current_assets": current,
        **fixed,
        "total_non_current_assets": sum(fixed.values()),
        "total_assets": quarter.assets,
        **debts,
        "total_liabilities": quarter.liabilities,
        **_equity(profile, quarter),
        "total_equity": quarter.equity,
        "total_liabilities_and_equity": quarter.liabilities + quarter.equity,
    }
    return [_floats(values)]


def _debts(quarter: Quarter) -> dict[str, int]:
    current = quarter.liabilities * 650 // 1_000
    short = _parts(
        current, {"short_term_borrowings": 250, "accounts_payable": 400}, "other_payables"
    )
    long = _parts(
        quarter.liabilities - current,
        {"long_term_borrowings": 700},
        "other_non_current_liabilities",
    )
    return {
        **short,
        "total_current_liabilities": sum(short.values()),
        **long,
        "total_non_current_liabilities": sum(long.values()),
    }


def _equity(profile: Profile, quarter: Quarter) -> dict[str, int]:
    minority = quarter.equity * 30 // 1_000
    parent = quarter.equity - minority
    # Shares of one yuan each, unless the books are too small for that.
    capital = min(profile.shares, parent // 2)
    rest = _parts(
        parent - capital,
        {"capital_reserves": 300, "surplus_reserves": 150},
        "undistributed_profit",
    )
    return {
        "paid_in_capital": capital,
        **rest,
        "parent_equity": parent,
        "minority_interests": minority,
    }


def _income(profile: Profile, quarter: Quarter) -> list[Values]:
    year = quarter.year
    tax, minority = year.profit // 3, year.profit * 30 // 1_000
    total = year.profit + tax
    gains, losses = year.revenue * 2 // 1_000, year.revenue // 1_000
    operating = total - gains + losses
    spent = year.revenue - operating
    expenses = _parts(
        spent - year.cost,
        {
            "taxes_and_surcharges": 80,
            "selling_expenses": 350,
            "administrative_expenses": 300,
            "research_expenses": 200,
        },
        "financial_expenses",
    )
    values = {
        "total_operating_revenue": year.revenue,
        "operating_revenue": year.revenue,
        "operating_cost": year.cost,
        **expenses,
        "total_operating_cost": spent,
        "operating_profit": operating,
        "non_operating_income": gains,
        "non_operating_expenses": losses,
        "total_profit": total,
        "income_tax": tax,
        "net_profit": year.profit,
        "parent_net_profit": year.profit - minority,
        "minority_profit": minority,
    }
    earned = _per_share(year.profit - minority, profile)
    return [_floats(values) | {"basic_eps": earned, "diluted_eps": earned}]


def _cash_flow(profile: Profile, quarter: Quarter) -> list[Values]:
    del profile
    year = quarter.year
    sold, lent = year.revenue * 11 // 10, year.revenue // 10
    investing = year.cash_change - year.operating_cash + year.dividends
    regained = year.revenue // 20 + max(investing, 0)
    values = {
        "sales_received": sold * 97 // 100,
        "other_operating_received": sold - sold * 97 // 100,
        "operating_inflows": sold,
        "operating_outflows": sold - year.operating_cash,
        "net_operating_cash_flow": year.operating_cash,
        "investing_inflows": regained,
        "investing_outflows": regained - investing,
        "net_investing_cash_flow": investing,
        "borrowings_received": lent,
        "financing_inflows": lent,
        "debt_repaid": lent,
        "dividends_and_interest_paid": year.dividends,
        "financing_outflows": lent + year.dividends,
        "net_financing_cash_flow": -year.dividends,
        "net_increase_in_cash": year.cash_change,
        "cash_at_beginning": quarter.cash - year.cash_change,
        "cash_at_end": quarter.cash,
        "net_profit": year.profit,
    }
    return [_floats(values)]


def _capital(profile: Profile, quarter: Quarter) -> list[Values]:
    del quarter
    return [
        _floats(
            {
                "total_shares": profile.shares,
                "listed_a_shares": profile.shares * 9 // 10,
                "free_float_shares": profile.shares * 6 // 10,
            }
        )
    ]


def _holders(profile: Profile, quarter: Quarter) -> list[Values]:
    count = max(profile.shares // 8_000, 5_000) * (900 + quarter.luck[7] // 5) // 1_000
    return [_floats({"total_holders": count, "a_share_holders": count})]


def _top_holders(profile: Profile, quarter: Quarter) -> list[Values]:
    """Return ten holders; invented names, so that nobody takes them for real ones."""
    rows: list[Values] = []
    for rank in range(1, _HOLDERS + 1):
        quantity = profile.shares * (300 + quarter.luck[rank % 8] // 20) // (1_000 * rank * rank)
        row: dict[str, float | str] = {
            "rank": float(rank),
            "holder_name": f"模拟股东{rank}",
            "holder_type": "模拟",
            "quantity": float(quantity),
            "ratio": round(quantity * 100 / profile.shares, 2),
            "share_nature": "流通A股",
        }
        rows.append(row)
    return rows


def _indicators(profile: Profile, quarter: Quarter) -> list[Values]:
    year = quarter.year
    minority = quarter.equity * 30 // 1_000
    parent, profit = quarter.equity - minority, year.profit - year.profit * 30 // 1_000
    earned = _per_share(profit, profile)
    values: dict[str, float | str] = {
        "basic_eps": earned,
        "diluted_eps": earned,
        "book_value_per_share": _per_share(parent, profile),
        "operating_cash_flow_per_share": _per_share(year.operating_cash, profile),
        "return_on_equity": _percent(profit, parent),
        "gross_margin": _percent(year.revenue - year.cost, year.revenue),
        "net_margin": _percent(year.profit, year.revenue),
        "debt_to_assets": _percent(quarter.liabilities, quarter.assets),
    }
    return [values]


def _per_share(money: int, profile: Profile) -> float:
    return round(money / profile.shares, 4)


def _percent(part: int, whole: int) -> float:
    return round(part * 100 / max(whole, 1), 4)


ROWS: Mapping[Statement, Callable[[Profile, Quarter], list[Values]]] = {
    Statement.BALANCE: _balance,
    Statement.INCOME: _income,
    Statement.CASH_FLOW: _cash_flow,
    Statement.CAPITAL: _capital,
    Statement.HOLDERS: _holders,
    Statement.TOP_HOLDERS: _top_holders,
    Statement.TOP_FLOAT_HOLDERS: _top_holders,
    Statement.INDICATORS: _indicators,
}
