"""Places on an order's way where a test may stop the process; inert everywhere else.

Nothing but code in the process itself installs a hook: no variable of the environment, no
configuration, no request does. In the order of the way: before_intent, after_intent, before_call,
after_call, before_outcome, after_outcome, before_publish; of a cancel: before_cancel_call,
after_cancel_call; of an approval, before those of its call: before_approval, after_approval.
"""

from collections.abc import Callable

# What a test is told of: the name of each place, as it is reached.
hook: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """Tell the hook, if there is one."""
    if hook is not None:
        hook(name)
