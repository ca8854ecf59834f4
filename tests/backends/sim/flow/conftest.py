"""The recorded day, read once for all tests of the room."""

import pytest

from quantgraph.backends.sim.flow.replay import ReplayFrames

from . import recorded


@pytest.fixture(scope="session")
def recorded_store(shared, tmp_path_factory):
    store = recorded.open_store(shared, tmp_path_factory.mktemp("recorded"))
    yield store
    store.close()


@pytest.fixture(scope="session")
def recording(recorded_store):
    return recorded.read_day(recorded_store)


@pytest.fixture(scope="session")
def replayed(recording):
    return ReplayFrames(recording, recorded.PHASES)
