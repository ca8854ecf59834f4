import pytest

from tests.bus.servers import NatsServer


@pytest.fixture
def nats(tmp_path):
    server = NatsServer(tmp_path / "nats")
    yield server
    server.go_on()
    server.kill()
