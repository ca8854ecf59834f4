"""Trading stops where its journal was cut, until somebody has seen it and resumes it."""

from quantgraph.domain.access import GATEWAY
from quantgraph.domain.controls import Control, ControlLog, HaltCause, TradingState
from quantgraph.domain.journal import Journal


def halt_for_cut(journal: Journal, log: ControlLog) -> None:
    """Write down a halt for a cut that has none yet: before anything can be sent. It blocks.

    Errors: STORE_UNAVAILABLE.
    """
    cut = journal.cut
    if cut is None or cut.halted:
        return
    place = (TradingState.HALTED, HaltCause.JOURNAL_CUT, cut.text, GATEWAY.key_id, cut.time)
    log.record(Control(None, *place))
    # Last: a crash in between halts once more, never once less.
    journal.note_halt()
