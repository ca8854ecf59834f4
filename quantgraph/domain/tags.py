"""What is sent with an order, so that the terminal's own list tells whose it is."""

import base64
import hashlib
import re

_START = "q1"
# The terminal keeps 24 bytes of a remark; 100 bits of a hash let no two orders meet.
_DIGITS = 20
LENGTH = len(_START) + _DIGITS
_FORM = re.compile(rf"{_START}[a-z2-7]{{{_DIGITS}}}")


def tag_of(install_id: str, account_id: str, client_order_id: str) -> str:
    """Return the tag of an order: 22 ASCII characters, the same for the same three for ever.

    `install_id` keeps apart what two gateways send to one terminal.
    """
    # A byte that neither an id nor a printable key holds: no two triples are written alike.
    text = "\0".join((install_id, account_id, client_order_id))
    # 15 bytes are 24 digits: what is cut off needs no encoding.
    digest = base64.b32encode(hashlib.sha256(text.encode()).digest()[:15])
    return _START + digest[:_DIGITS].decode().lower()


def is_tag(remark: str | None) -> bool:
    """Return whether a remark has the form of a tag; whose, only the three can tell."""
    return remark is not None and _FORM.fullmatch(remark) is not None
