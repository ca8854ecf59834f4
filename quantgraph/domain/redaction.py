"""Takes account, shareholder and client numbers out of what a counter says; code and words stay.

Counters word their refusals each in its own way, as in
`[COUNTER][260200][可用资金不足][fund_account=88001234,…]` or `资金账号：88001234不存在`.
"""

import re
from typing import TypeVar

from quantgraph.domain.errors import GatewayError

E = TypeVar("E", bound=GatewayError)
HIDDEN = "***"
_LABELS = (
    r"(?:fund|cash|capital|stock|secu|security|holder|shareholder|client|cust|customer|user|bank)?"
    r"[_ ]?(?:account|acct|acc|holder|shareholder|cust|client|customer)"
    r"(?:[_ ]?(?:id|no|code|number))?"
    r"|(?:资金|资产|证券|股东|客户|银行|信用|交易|上海|深圳)*(?:账号|帐号|账户|帐户|代码卡|股东代码|股东号|客户号|卡号)"
)
# A label, a mark that gives it a value, and the value: letters and digits, a digit at least.
_LABELLED = re.compile(
    rf"((?:{_LABELS})\s*(?:[=:：]|为|是)?\s*[\[【(（<'\"]*)(?=[A-Za-z0-9_*-]*[0-9])[A-Za-z0-9_*-]+",
    re.IGNORECASE,
)
# A number of seven digits and more without a label: six are a counter's code or a security's, and
# what has decimals is money. A letter in front is a shareholder's market.
_BARE = re.compile(r"(?<![0-9A-Za-z_.,])[A-Za-z]?[0-9]{7,}(?![0-9A-Za-z_]|[.,][0-9])")


def redact(text: str) -> str:
    """Return the text without numbers that name a person or an account."""
    return _BARE.sub(HIDDEN, _LABELLED.sub(rf"\g<1>{HIDDEN}", text))


def redacted(error: E) -> E:
    """Return the same error with clean texts; its details are ours and stay."""
    clean, zh = redact(error.message), redact(error.message_zh)
    if (clean, zh) == (error.message, error.message_zh):
        return error
    return type(error)(error.reason, clean, zh=zh, details=error.details)
