"""Journals for tests of what is recorded, not of how long a disk takes to keep it."""

from pathlib import Path

from quantgraph.store.journal import OrderJournal


def quick_journal(folder: Path) -> OrderJournal:
    """Open the folder's journal without fsyncs; the process may die, the machine may not."""
    journal = OrderJournal(folder / "journal.sqlite", "e1")
    journal._recording._db.execute("PRAGMA synchronous=OFF")
    return journal
