"""Income statement (利润表), yuan."""

from quantgraph.domain.financials.fields import Statement, StatementTable, parse

_FIELDS = """
operating_revenue | revenue_inc | 营业收入
earned_premiums | earned_premium | 已赚保费
real_estate_revenue | real_estate_sales_income | 房地产销售收入
total_operating_cost | total_operating_cost | 营业总成本
real_estate_cost | real_estate_sales_cost | 房地产销售成本
research_expenses | research_expenses | 研发费用
surrender_payments | surrender_value | 退保金
net_claims_paid | net_payments | 赔付支出净额
net_insurance_reserves_provided | net_withdrawal_ins_con_res | 提取保险合同准备金净额
policy_dividend_expenses | policy_dividend_expenses | 保单红利支出
reinsurance_expenses | reinsurance_cost | 分保费用
fair_value_gains | change_income_fair_value | 公允价值变动收益
futures_gains | futures_loss | 期货损益
custody_income | trust_income | 托管收益
subsidy_income | subsidize_revenue | 补贴收入
other_business_profit | other_business_profits | 其他业务利润
premerger_net_profit | net_profit_excl_merged_int_inc | 被合并方在合并前实现净利润
interest_income | int_inc | 利息收入
fee_and_commission_income | handling_chrg_comm_inc | 手续费及佣金收入
fee_and_commission_expenses | less_handling_chrg_comm_exp | 手续费及佣金支出
other_business_cost | other_bus_cost | 其他业务成本
exchange_gains | plus_net_gain_fx_trans | 汇兑收益
non_current_asset_disposal_gains | il_net_loss_disp_noncur_asset | 非流动资产处置收益
income_tax | inc_tax | 所得税费用
unrecognised_investment_losses | unconfirmed_invest_loss | 未确认投资损失
parent_net_profit | net_profit_excl_min_int_inc | 归属于母公司所有者的净利润
interest_expenses | less_int_exp | 利息支出
other_business_income | other_bus_inc | 其他业务收入
total_operating_revenue | revenue | 营业总收入
operating_cost | total_expense | 营业成本
taxes_and_surcharges | less_taxes_surcharges_ops | 营业税金及附加
selling_expenses | sale_expense | 销售费用
administrative_expenses | less_gerl_admin_exp | 管理费用
financial_expenses | financial_expense | 财务费用
asset_impairment_losses | less_impair_loss_assets | 资产减值损失
investment_income | plus_net_invest_inc | 投资收益
associates_investment_income | incl_inc_invest_assoc_jv_entp | 联营企业和合营企业的投资收益
operating_profit | oper_profit | 营业利润
non_operating_income | plus_non_oper_rev | 营业外收入
non_operating_expenses | less_non_oper_exp | 营业外支出
total_profit | tot_profit | 利润总额
net_profit | net_profit_incl_min_int_inc | 净利润
net_profit_excluding_non_recurring | net_profit_incl_min_int_inc_after | 净利润(扣除非经常性损益后)
minority_profit | minority_int_inc | 少数股东损益
basic_eps | s_fa_eps_basic | 基本每股收益 | yuan per share
diluted_eps | s_fa_eps_diluted | 稀释每股收益 | yuan per share
total_comprehensive_income | total_income | 综合收益总额
minority_comprehensive_income | total_income_minority | 归属于少数股东的综合收益总额
other_income | other_compreh_inc | 其他收益
net_interest_income | m_netinterestIncome | 利息净收入
net_fee_and_commission_income | m_netFeesCommissions | 手续费及佣金净收入
insurance_premium_income | m_insuranceBusiness | 保险业务收入
ceded_premiums | m_separatePremium | 减:分出保费
unearned_premium_reserves_provided | m_asideReservesUndueLiabilities | 减:提取未到期责任准备金
claims_paid | m_paymentsInsuranceClaims | 赔付支出
claims_recovered | m_amortizedCompensationExpenses | 减:摊回赔付支出
net_liability_reserves_provided | m_netReserveInsuranceLiability | 提取保险责任准备金净额
liability_reserves_provided | m_policyReserve | 提取保险责任准备金
liability_reserves_recovered | m_amortizeInsuranceReserve | 减:摊回保险责任准备金
insurance_commission_expenses | m_nsuranceFeesCommissionExpenses | 保险业务手续费及佣金支出
business_and_administrative_expenses | m_operationAdministrativeExpense | 业务及管理费
reinsurance_expenses_recovered | m_amortizedReinsuranceExpenditure | 减:摊回分保费用
non_current_asset_disposal_net | m_netProfitLossdisposalNonassets | 其中:非流动资产处置净损益
other_items_affecting_net_profit | m_otherItemsAffectingNetProfit | 影响净利润的其他项目
"""

INCOME = StatementTable(
    Statement.INCOME, "Income statement", "利润表", "ASHAREINCOME", parse(_FIELDS, "yuan")
)
