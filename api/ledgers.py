"""What a gateway writes down of its own acts."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from quantgraph.config import Config
from quantgraph.domain.audit import Act
from quantgraph.domain.clock import RandomIds
from quantgraph.domain.system import Mode
from quantgraph.services.audit import AuditTrail
from quantgraph.services.cuts import halt_for_cut
from quantgraph.store.accounts import AccountLog
from quantgraph.store.audit import AuditFile, recover_acts
from quantgraph.store.controls import ControlFile
from quantgraph.store.folder import hold_desk
from quantgraph.store.heads import HeadFile
from quantgraph.store.journal import OrderJournal
from quantgraph.store.journal_files import set_aside


@dataclass(frozen=True, slots=True)
class Logs:
    """What the gateway writes down of its own acts."""

    journal: OrderJournal
    statuses: AccountLog
    controls: ControlFile
    audit: AuditTrail


def open_audit(
    folder: Path, heads: HeadFile, stack: AsyncExitStack, line: Callable[[Act], None]
) -> AuditTrail:
    """Open a folder's audit log, with what an order journal beside it knows and it lacks."""
    audit = AuditFile(folder / "audit.sqlite", RandomIds().new("audit_"), heads)
    stack.callback(audit.close)
    recover_acts(audit, folder / "journal.sqlite")
    trail = AuditTrail(audit, line=line)
    stack.callback(trail.close)
    return trail


def open_logs(
    config: Config, epoch: str, stack: AsyncExitStack, line: Callable[[Act], None]
) -> Logs:
    """Open all: mock's world begins without orders, but whom an operator stopped stays so.

    `line` is told acts as well. Raises StartupError DATA_DIR_UNUSABLE where another gateway, which
    may be the agent of one that was killed, keeps the same orders.
    """
    folder = stack.enter_context(hold_desk(config.desk_path))
    heads = HeadFile(config.head_path)
    journal_file = folder / "journal.sqlite"
    trail = open_audit(folder, heads, stack, line)
    if config.mode is Mode.MOCK:
        set_aside(journal_file, heads)
    journal = OrderJournal(journal_file, epoch, heads)
    stack.callback(journal.close)
    statuses = AccountLog(folder / "accounts.sqlite", RandomIds().new("accounts_"))
    stack.callback(statuses.close)
    controls = ControlFile(folder / "controls.sqlite")
    stack.callback(controls.close)
    halt_for_cut(journal, controls)
    return Logs(journal, statuses, controls, trail)
