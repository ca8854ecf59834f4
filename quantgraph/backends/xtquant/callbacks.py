"""What the vendor's trader calls, each on its own thread; nothing that goes wrong here is lost."""

from collections.abc import Callable

import structlog

from quantgraph.backends.xtquant.records import Record

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Callbacks:
    """All sixteen callbacks of the SDK, told to `hear(kind, what)`.

    The SDK swallows what a callback raises: it is logged, and told as `lost`, for then the list is
    all that can tell what was said. None of these may ask the trader anything and wait: the answer
    would come on this very thread.
    """

    def __init__(self, hear: Callable[[str, Record], None]) -> None:
        """Tell `hear`."""
        self._told = hear

    def on_connected(self) -> None:
        """Hear nothing: the SDK never calls it."""

    def on_disconnected(self) -> None:
        """Hear that the terminal went away; this session is of no more use."""
        self._hear("disconnected", None)

    def on_account_status(self, status: Record) -> None:
        """Hear that the login of an account changed."""
        self._hear("status", status)

    def on_stock_asset(self, asset: Record) -> None:
        """Hear that money changed; it is asked for when somebody wants to know."""
        self._hear("asset", asset)

    def on_stock_position(self, position: Record) -> None:
        """Hear that a holding changed; it is asked for when somebody wants to know."""
        self._hear("position", position)

    def on_stock_order(self, order: Record) -> None:
        """Hear that an order changed."""
        self._hear("order", order)

    def on_stock_trade(self, trade: Record) -> None:
        """Hear that an order traded."""
        self._hear("trade", trade)

    def on_order_error(self, order_error: Record) -> None:
        """Hear that an order failed: a hint, for the SDK may attribute it to another order."""
        self._hear("error", order_error)

    def on_cancel_error(self, cancel_error: Record) -> None:
        """Hear that a cancel failed: a hint, for the SDK may keep it back or tell an old one."""
        self._hear("error", cancel_error)

    def on_order_stock_async_response(self, response: Record) -> None:
        """Answer an order: taken, or not."""
        self._hear("placed", response)

    def on_cancel_order_stock_async_response(self, response: Record) -> None:
        """Answer a cancel: taken, or not."""
        self._hear("withdrawn", response)

    def on_smt_appointment_async_response(self, response: Record) -> None:
        """Answer securities lending, which is not asked for."""
        self._hear("other", response)

    def on_bank_transfer_async_response(self, response: Record) -> None:
        """Answer a bank transfer, which is not asked for."""
        self._hear("other", response)

    def on_ctp_internal_transfer_async_response(self, response: Record) -> None:
        """Answer a transfer between futures and options, which is not asked for."""
        self._hear("other", response)

    def on_smart_algo_order_async_response(self, response: Record) -> None:
        """Answer an algorithm, which is not asked for."""
        self._hear("other", response)

    def on_operate_smart_task_async_response(self, response: Record) -> None:
        """Answer an algorithm's operation, which is not asked for."""
        self._hear("other", response)

    def _hear(self, kind: str, what: Record) -> None:
        try:
            self._told(kind, what)
        except Exception as error:
            # No traceback: its locals are records of accounts.
            _logger.warning("callback_failed", kind=kind, error=repr(error))
            self._told("lost", None)
