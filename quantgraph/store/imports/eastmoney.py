"""Columns of eastmoney's statement tables whose meaning is certain from their names.

Everything else is listed, not mapped: `operateexp` is operating cost for a brewery and total
expenses for a bank, `acceptdeposit` leaves out what interbank deposits add, pinyin initials and
`_tb`, `_zb` ratios have no legend.
"""

from collections.abc import Mapping

from quantgraph.domain.financials.fields import Statement

# our field → their column
COLUMNS: Mapping[Statement, Mapping[str, str]] = {
    Statement.BALANCE: {
        "total_assets": "sumasset",
        "fixed_assets": "fixedasset",
        "cash_and_equivalents": "monetaryfund",
        "accounts_receivable": "accountrec",
        "inventories": "inventory",
        "total_liabilities": "sumliab",
        "accounts_payable": "accountpay",
        "advances_from_customers": "advancereceive",
        "total_equity": "sumshequity",
        "cash_and_central_bank_deposits": "cashanddepositcbank",
        "loans_and_advances": "loanadvances",
        "available_for_sale_financial_assets": "saleablefasset",
        "borrowings_from_central_bank": "borrowfromcbank",
        "repo_liabilities": "sellbuybackfasset",
        "settlement_provisions": "settlementprovision",
        "brokerage_client_funds": "agenttradesecurity",
        "premiums_receivable": "premiumrec",
        "short_term_borrowings": "stborrow",
        "premiums_received_in_advance": "premiumadvance",
    },
    Statement.INCOME: {
        "parent_net_profit": "parentnetprofit",
        "total_operating_revenue": "totaloperatereve",
        "total_operating_cost": "totaloperateexp",
        "selling_expenses": "saleexp",
        "administrative_expenses": "manageexp",
        "financial_expenses": "financeexp",
        "operating_profit": "operateprofit",
        "total_profit": "sumprofit",
        "income_tax": "incometax",
        "operating_revenue": "operatereve",
        "taxes_and_surcharges": "operatetax",
        "business_and_administrative_expenses": "operatemanageexp",
        "earned_premiums": "premiumearned",
        "investment_income": "investincome",
        "surrender_payments": "surrenderpremium",
    },
    Statement.CASH_FLOW: {
        "net_operating_cash_flow": "netoperatecashflow",
        "sales_received": "salegoodsservicerec",
        "employees_paid": "employeepay",
        "net_investing_cash_flow": "netinvcashflow",
        "investment_income_received": "invincomerec",
        "asset_purchases_paid": "buyfilassetpay",
        "net_financing_cash_flow": "netfinacashflow",
        "net_increase_in_cash": "nicashequi",
        "customer_loans_increase": "niloanadvances",
        "interest_and_commissions_received": "intandcommrec",
        "investments_paid": "invpay",
        "cash_at_beginning": "cashequibeginning",
        "cash_at_end": "cashequiending",
        "original_premiums_received": "premiumrec",
        "original_claims_paid": "indemnitypay",
    },
}
