import pytest

from tests.api.real import Terminal


@pytest.fixture
async def terminal():
    """The far side of an agent in prod."""
    made = Terminal()
    yield made
    await made.close()
