"""Cash flow statement (现金流量表), yuan."""

from quantgraph.domain.financials.fields import Statement, StatementTable, parse

_FIELDS = """
original_premiums_received | cash_received_ori_ins_contract_pre | 收到原保险合同保费取得的现金
net_reinsurance_received | net_cash_received_rei_ope | 收到再保险业务现金净额
policyholder_deposits_increase | net_increase_insured_funds | 保户储金及投资款净增加额
trading_assets_disposal_increase | net_increase_in_disposal | 处置交易性金融资产净增加额
interest_and_commissions_received | cash_for_interest | 收取利息、手续费及佣金的现金
repo_funds_increase | net_increase_in_repurchase_funds | 回购业务资金净增加额
original_claims_paid | cash_for_payment_original_insurance | 支付原保险合同赔付款项的现金
policy_dividends_paid | cash_payment_policy_dividends | 支付保单红利的现金
subsidiary_disposal_received | disposal_other_business_units | 处置子公司及其他收到的现金
pledge_reduction_received | cash_received_from_pledges | 减少质押和定期存款所收到的现金
investment_purchases_paid | cash_paid_for_investments | 投资所支付的现金
pledged_loans_increase | net_increase_in_pledged_loans | 质押贷款净增加额
subsidiary_acquisition_paid | cash_paid_by_subsidiaries | 取得子公司及其他营业单位支付的现金净额
pledge_increase_paid | increase_in_cash_paid | 增加质押和定期存款所支付的现金
subsidiary_capital_received | cass_received_sub_abs | 其中子公司吸收现金
subsidiary_minority_dividends_paid | cass_received_sub_investments | 其中:子公司支付给少数股东的股利、利润
minority_profit | minority_shareholder_profit_loss | 少数股东损益
unrecognised_investment_losses | unrecognized_investment_losses | 未确认的投资损失
deferred_income_increase | ncrease_deferred_income | 递延收益增加(减:减少)
provisions | projected_liability | 预计负债
operating_payables_increase | increase_operational_payables | 经营性应付项目的增加
completed_unsettled_decrease | reduction_outstanding_amounts_less | 已完工尚未结算款的减少(减:增加)
settled_uncompleted_increase | reduction_outstanding_amounts_more | 已结算尚未完工款的增加(减:减少)
sales_received | goods_sale_and_service_render_cash | 销售商品、提供劳务收到的现金
customer_deposits_increase | net_incr_dep_cob | 客户存款和同业存放款项净增加额
central_bank_borrowings_increase | net_incr_loans_central_bank | 向中央银行借款净增加额
interbank_borrowings_increase | net_incr_fund_borr_ofi | 向其他金融机构拆入资金净增加额
tax_refunds_received | tax_levy_refund | 收到的税费与返还
investments_paid | cash_paid_invest | 投资支付的现金
other_operating_received | other_cash_recp_ral_oper_act | 收到的其他与经营活动有关的现金
operating_inflows | stot_cash_inflows_oper_act | 经营活动现金流入小计
purchases_paid | goods_and_services_cash_paid | 购买商品、接受劳务支付的现金
customer_loans_increase | net_incr_clients_loan_adv | 客户贷款及垫款净增加额
central_bank_deposits_increase | net_incr_dep_cbob | 存放中央银行和同业款项净增加额
interest_and_commissions_paid | handling_chrg_paid | 支付利息、手续费及佣金的现金
employees_paid | cash_pay_beh_empl | 支付给职工以及为职工支付的现金
taxes_paid | pay_all_typ_tax | 支付的各项税费
other_operating_paid | other_cash_pay_ral_oper_act | 支付其他与经营活动有关的现金
operating_outflows | stot_cash_outflows_oper_act | 经营活动现金流出小计
net_operating_cash_flow | net_cash_flows_oper_act | 经营活动产生的现金流量净额
investments_recovered | cash_recp_disp_withdrwl_invest | 收回投资所收到的现金
investment_income_received | cash_recp_return_invest | 取得投资收益所收到的现金
asset_disposal_received | net_cash_recp_disp_fiolta | 处置固定资产、无形资产和其他长期投资收到的现金
other_investing_received | other_cash_recp_ral_inv_act | 收到的其他与投资活动有关的现金
investing_inflows | stot_cash_inflows_inv_act | 投资活动现金流入小计
asset_purchases_paid | cash_pay_acq_const_fiolta | 购建固定资产、无形资产和其他长期投资支付的现金
investing_outflows | stot_cash_outflows_inv_act | 投资活动现金流出小计
net_investing_cash_flow | net_cash_flows_inv_acm_netCashFlowsInvAct | 投资活动产生的现金流量净额
capital_contributions_received | cash_recp_cap_contrib | 吸收投资收到的现金
borrowings_received | cash_recp_borrow | 取得借款收到的现金
bonds_issued_received | proc_issue_bonds | 发行债券收到的现金
other_financing_received | other_cash_recp_ral_fnc_act | 收到其他与筹资活动有关的现金
financing_inflows | stot_cash_inflows_fnc_act | 筹资活动现金流入小计
debt_repaid | cash_prepay_amt_borr | 偿还债务支付现金
dividends_and_interest_paid | cash_pay_dist_dpcp_int_exp | 分配股利、利润或偿付利息支付的现金
other_financing_paid | other_cash_pay_ral_fnc_act | 支付其他与筹资的现金
financing_outflows | stot_cash_outflows_fnc_act | 筹资活动现金流出小计
net_financing_cash_flow | net_cash_flows_fnc_act | 筹资活动产生的现金流量净额
exchange_rate_effect | eff_fx_flu_cash | 汇率变动对现金的影响
net_increase_in_cash | net_incr_cash_cash_equ | 现金及现金等价物净增加额
cash_at_beginning | cash_cash_equ_beg_period | 期初现金及现金等价物余额
cash_at_end | cash_cash_equ_end_period | 期末现金及现金等价物余额
net_profit | net_profit | 净利润
asset_impairment_reserves | plus_prov_depr_assets | 资产减值准备
depreciation | depr_fa_coga_dpba | 固定资产折旧、油气资产折耗、生产性物资折旧
intangible_amortisation | amort_intang_assets | 无形资产摊销
deferred_expense_amortisation | amort_lt_deferred_exp | 长期待摊费用摊销
deferred_expenses_decrease | decr_deferred_exp | 待摊费用的减少
accrued_expenses_increase | incr_acc_exp | 预提费用的增加
asset_disposal_losses | loss_disp_fiolta | 处置固定资产、无形资产和其他长期资产的损失
asset_scrapping_losses | loss_scr_fa | 固定资产报废损失
fair_value_losses | loss_fv_chg | 公允价值变动损失
financial_expenses | fin_exp | 财务费用
investment_losses | invest_loss | 投资损失
deferred_tax_assets_decrease | decr_deferred_inc_tax_assets | 递延所得税资产减少
deferred_tax_liabilities_increase | incr_deferred_inc_tax_liab | 递延所得税负债增加
inventories_decrease | decr_inventories | 存货的减少
operating_receivables_decrease | decr_oper_payable | 经营性应收项目的减少
others | others | 其他
indirect_net_operating_cash_flow | im_net_cash_flows_oper_act | 经营活动产生现金流量净额(间接法)
debt_converted_to_capital | conv_debt_into_cap | 债务转为资本
convertible_bonds_due_within_one_year | conv_corp_bonds_due_within_1y | 一年内到期的可转换公司债券
financed_leased_assets | fa_fnc_leases | 融资租入固定资产
cash_balance_at_end | end_bal_cash | 现金的期末余额
cash_balance_at_beginning | less_beg_bal_cash | 现金的期初余额
equivalents_at_end | plus_end_bal_cash_equ | 现金等价物的期末余额
equivalents_at_beginning | less_beg_bal_cash_equ | 现金等价物的期初余额
indirect_net_increase_in_cash | im_net_incr_cash_cash_equ | 现金及现金等价物的净增加额(间接法)
sales_received_financial | m_cashSellingProvidingServices | 销售商品、提供劳务收到的现金(金融企业)
placements_decrease | m_netDecreaseUnwindingFunds | 拆出资金净减少额
reverse_repo_decrease | m_netReductionPurchaseRebates | 买入返售款项净减少额
central_bank_deposits_increase_financial | m_netIncreaseDepositsBanks | 存放中央银行和同业款项净增加额(金融企业)
net_reinsurance_paid | m_netCashReinsuranceBusiness | 支付再保业务现金净额
policyholder_deposits_decrease | m_netReductionDeposInveFunds | 保户储金及投资款净减少额
placements_increase | m_netIncreaseUnwindingFunds | 拆出资金净增加额
interbank_borrowings_decrease | m_netReductionAmountBorrowedFunds | 拆入资金净减少额
repo_liabilities_decrease | m_netReductionSaleRepurchaseProceeds | 卖出回购款项净减少额
investments_paid_financial | m_investmentPaidInCash | 投资支付的现金(金融企业)
other_investing_paid | m_paymentOtherCashRelated | 支付其他与投资活动有关的现金
investing_outflows_financial | m_cashOutFlowsInvesactivities | 投资活动产生的现金流出小计(金融企业)
equity_investments_received | m_absorbCashEquityInv | 吸收权益性投资收到的现金
other_effects_on_cash | m_otherImpactsOnCash | 其他对现金的影响
operating_receivables_increase | m_addOperatingReceivableItems | 经营性应收项目的增加
"""

CASH_FLOW = StatementTable(
    Statement.CASH_FLOW,
    "Cash flow statement",
    "现金流量表",
    "ASHARECASHFLOW",
    parse(_FIELDS, "yuan"),
)
