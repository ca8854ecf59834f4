"""Capital structure, holders and per-share indicators."""

from quantgraph.domain.financials.fields import Statement, StatementTable, parse

_CAPITAL = """
total_shares | total_capital | 总股本
listed_a_shares | circulating_capital | 已上市流通A股
other_float_shares | restrict_circulating_capital | 其他流通股份
free_float_shares | freeFloatCapital | 自由流通股份
"""

_HOLDERS = """
total_holders | shareholder | 股东总数
a_share_holders | shareholderA | A股东户数
b_share_holders | shareholderB | B股东户数
h_share_holders | shareholderH | H股东户数
float_holders | shareholderFloat | 已流通股东户数
other_holders | shareholderOther | 未流通股东户数
"""

_TOP = """
rank | rank | 持股排名 | rank
holder_name | name | 股东名称 | text
holder_type | type | 股东类型 | text
quantity | quantity | 持股数量 | shares
ratio | ratio | 持股比例 | percent
change_reason | reason | 变动原因 | text
share_nature | nature | 股份性质 | text
"""

# The terminal states no unit for ratios; percent is what its values look like.
_INDICATORS = """
operating_cash_flow_per_share | s_fa_ocfps | 每股经营活动现金流量 | yuan per share
book_value_per_share | s_fa_bps | 每股净资产 | yuan per share
basic_eps | s_fa_eps_basic | 基本每股收益 | yuan per share
diluted_eps | s_fa_eps_diluted | 稀释每股收益 | yuan per share
undistributed_profit_per_share | s_fa_undistributedps | 每股未分配利润 | yuan per share
capital_reserve_per_share | s_fa_surpluscapitalps | 每股资本公积金 | yuan per share
adjusted_eps | adjusted_earnings_per_share | 扣非每股收益 | yuan per share
return_on_equity | du_return_on_equity | 净资产收益率
sales_gross_margin | sales_gross_profit | 销售毛利率
revenue_growth | inc_revenue_rate | 主营收入同比增长
net_profit_growth | du_profit_rate | 净利润同比增长
parent_net_profit_growth | inc_net_profit_rate | 归属于母公司所有者的净利润同比增长
adjusted_net_profit_growth | adjusted_net_profit_rate | 扣非净利润同比增长
rolling_revenue_growth | inc_total_revenue_annual | 营业总收入滚动环比增长
rolling_parent_net_profit_growth | inc_net_profit_to_shareholders_annual | 归属净利润滚动环比增长
rolling_adjusted_net_profit_growth | adjusted_profit_to_profit_annual | 扣非净利润滚动环比增长
weighted_roe | equity_roe | 加权净资产收益率
diluted_roe | net_roe | 摊薄净资产收益率
diluted_roa | total_roe | 摊薄总资产收益率
gross_margin | gross_profit | 毛利率
net_margin | net_profit | 净利率
effective_tax_rate | actual_tax_rate | 实际税率
advances_to_revenue | pre_pay_operate_income | 预收款/营业收入
sales_cash_to_revenue | sales_cash_flow | 销售现金流/营业收入
debt_to_assets | gear_ratio | 资产负债比率
inventory_turnover | inventory_turnover | 存货周转率 | times
"""

CAPITAL = StatementTable(
    Statement.CAPITAL,
    "Capital structure",
    "股本结构",
    "CAPITALSTRUCTURE",
    parse(_CAPITAL, "shares"),
)
HOLDERS = StatementTable(
    Statement.HOLDERS, "Number of holders", "股东数", "SHAREHOLDER", parse(_HOLDERS, "holders")
)
TOP_HOLDERS = StatementTable(
    Statement.TOP_HOLDERS, "Top ten holders", "十大股东", "TOP10HOLDER", parse(_TOP, "")
)
TOP_FLOAT_HOLDERS = StatementTable(
    Statement.TOP_FLOAT_HOLDERS,
    "Top ten float holders",
    "十大流通股东",
    "TOP10FLOWHOLDER",
    parse(_TOP, ""),
)
INDICATORS = StatementTable(
    Statement.INDICATORS,
    "Per-share indicators",
    "每股指标",
    "PERSHAREINDEX",
    parse(_INDICATORS, "percent"),
)
