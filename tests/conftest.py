"""What every test may use: the shared market files, and settings that make runs repeatable."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("default")

_SHARED = Path(
    os.environ.get("QUANTGRAPH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded market files; tests that need it skip, saying so, without it."""
    if not _SHARED.is_dir():
        pytest.skip(f"no recorded market data at {_SHARED} (set QUANTGRAPH_SHARED_DATA)")
    return _SHARED
