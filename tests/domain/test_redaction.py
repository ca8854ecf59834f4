"""No account, shareholder or client number survives in a counter's text; code and words do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.reasons import Reason
from quantgraph.domain.redaction import HIDDEN, redact, redacted

LABELS = (
    "fund_account=", "stock_account=", "secu_acc: ", "holder_id=", "client_id:", "cust_no=",
    "Account ", "资金账号：", "股东代码", "股东账户【", "客户号=", "证券账户为", "资金帐号:",
)  # fmt: skip
NUMBERS = st.from_regex(r"[A-Z]?[0-9]{7,16}", fullmatch=True)
CODES = st.integers(100_000, 999_999)
WORDS = st.sampled_from(["可用资金不足", "证券可用数量不足", "当前时间不允许交易", "废单"])


@given(st.sampled_from(LABELS), st.from_regex(r"[A-Z]?[0-9]{3,16}", fullmatch=True), CODES, WORDS)
def test_a_labelled_number_is_hidden_and_all_else_stays(label, number, code, words):
    text = f"[COUNTER][{code}][{words}][{label}{number}]"
    assert redact(text) == f"[COUNTER][{code}][{words}][{label}{HIDDEN}]"


@given(NUMBERS, CODES, WORDS)
def test_a_long_number_without_a_label_is_hidden(number, code, words):
    assert redact(f"[{code}] {words} {number}！") == f"[{code}] {words} {HIDDEN}！"
    assert redact(f"{words}（{number}，{number}）") == f"{words}（{HIDDEN}，{HIDDEN}）"


@pytest.mark.parametrize(
    "text",
    [
        "[COUNTER] [120144][当前时间不允许交易]",
        "[COUNTER] [资金可用余额]不足，尚需[123456789.00]",
        "600519.SH needs 1005.01 yuan on 2026-07-06, 100 shares",
        "证券账户没有权限",
    ],
)
def test_codes_money_symbols_and_words_stay(text):
    assert redact(text) == text


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


def test_an_error_keeps_its_code_and_its_details():
    dirty = OrderRefused(
        Reason.INSUFFICIENT_CASH, "no [fund_account=8800]", zh="资金账号8800不足", cash="1.00"
    )
    clean = redacted(dirty)
    assert (clean.message, clean.message_zh) == ("no [fund_account=***]", "资金账号***不足")
    assert (clean.reason, clean.details) == (dirty.reason, dirty.details)
    assert redacted(clean) is clean
