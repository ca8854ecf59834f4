"""Which acts of which port are audited, by the names that users know them by."""

from collections.abc import Mapping
from typing import TypeAlias, cast

from quantgraph.domain.orders import OrderTicket
from quantgraph.services.audit import Operation

Operations: TypeAlias = Mapping[str, Operation]


def _keys(what: Mapping[str, object]) -> Mapping[str, object]:
    """Return a batch by its keys: each of its orders is an act of its own besides."""
    tickets = cast("tuple[OrderTicket, ...]", what["tickets"])
    keys = [each.client_order_id for each in tickets]
    return {"account_id": what["account_id"], "client_order_ids": keys}


TRADING: Operations = {
    "submit": Operation("submitOrder"),
    "cancel": Operation("cancelOrder", open=True),
    "approve": Operation("approveOrder"),
    "reject": Operation("rejectOrder", open=True),
    "write_off": Operation("writeOffOrder"),
}
BATCHES: Operations = {
    "submit_all": Operation("submitOrders", shown=_keys),
    "cancel_all": Operation("cancelAllOrders", open=True),
}
CONTROLS: Operations = {
    "halt": Operation("haltTrading", open=True, durable=True),
    "resume": Operation("resumeTrading", durable=True),
    "arm": Operation("armTrading", durable=True),
    "disarm": Operation("disarmTrading", open=True, durable=True),
    "set_dead_man": Operation("setDeadMan", open=True),
}
CONNECTIONS: Operations = {
    "connect": Operation("connectAccount"),
    "disconnect": Operation("disconnectAccount", open=True),
}
SECTORS: Operations = {
    "create": Operation("createSector"),
    "rename": Operation("renameSector"),
    "add": Operation("addSectorMembers"),
    "remove": Operation("removeSectorMembers"),
    "delete": Operation("deleteSector"),
}
DOWNLOADS: Operations = {
    "start": Operation("startDownload"),
    "cancel": Operation("cancelDownload", open=True),
}
SIMULATION: Operations = {
    "set_clock": Operation("setClock"),
    "jump_clock": Operation("jumpClock"),
    "create_account": Operation("createAccount"),
    "deposit": Operation("depositCash"),
    "withdraw": Operation("withdrawCash"),
    "inject_trade": Operation("injectTrade"),
    "inject_order": Operation("injectOrder"),
    "halt": Operation("haltSymbol"),
    "resume": Operation("resumeSymbol"),
    "announce": Operation("announceCorporateAction"),
    "load_scenario": Operation("loadScenario"),
    "set_faults": Operation("setFaults"),
    "save_snapshot": Operation("saveSnapshot"),
    "restore_snapshot": Operation("restoreSnapshot"),
    "delete_snapshot": Operation("deleteSnapshot"),
}
