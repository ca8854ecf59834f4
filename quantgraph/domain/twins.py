"""Paper twins by name: dev mode trades with `paper-<id>` where account `<id>` was meant."""

_PREFIX = "paper-"


def is_twin(account_id: str) -> bool:
    """Return whether this is the id of a twin."""
    return account_id.startswith(_PREFIX)


def twin_of(account_id: str) -> str:
    """Return the id of an account's twin; a twin's is its own."""
    return account_id if is_twin(account_id) else _PREFIX + account_id


def real_of(twin_id: str) -> str:
    """Return the id of the account that a twin stands for."""
    return twin_id.removeprefix(_PREFIX)
