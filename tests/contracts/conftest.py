"""Says at the end of every run what its random cases came from."""

import pytest

from tests.contracts.fuzz import SEED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seed, of a run that passed too."""
    terminalreporter.write_line(f"QUANTGRAPH_SEED={SEED} repeats the generated cases")
