"""What the gateway tells about itself: each part is asked for where somebody wants it."""

from datetime import UTC, datetime
from types import SimpleNamespace

from quantgraph.domain.system import PARTS, Mode
from quantgraph.services.system import GatewaySystem, SystemState
from tests.grpc_bridge.memory.system import LIMITS

NOW = datetime(2024, 3, 1, tzinfo=UTC)


class Asked:
    """A state whose every part is how often it was asked for."""

    def __init__(self):
        self.times = dict.fromkeys(PARTS - {"limits"}, 0)

    def part(self, name):
        def read():
            self.times[name] += 1
            return self.times[name]

        return read

    async def data(self):
        return self.part("data")()

    def state(self):
        given = {name: self.part(name) for name in ("trading", "clock", "backends", "latency")}
        terminals = SimpleNamespace(present=self.part("terminals"))
        rest = {"bus": self.part("bus_connected"), "data": self.data, "terminals": terminals}
        return SystemState(mode=lambda: Mode.MOCK, problems=dict, **given, **rest)


async def test_the_parts_that_are_asked_for_are_of_this_moment_and_no_other_is_asked():
    asked = Asked()
    system = GatewaySystem(LIMITS, NOW, asked.state())
    first = await system.info(frozenset())  # nothing was known before
    assert set(asked.times.values()) == {1}
    assert await system.info(frozenset()) is first
    for count, part in enumerate(sorted(asked.times), start=1):
        info = await system.info({part})
        assert getattr(info, part) == asked.times[part] == 2
        assert sum(asked.times.values()) == len(asked.times) + count
    info = await system.info()
    assert {getattr(info, part) for part in asked.times} == {3}
    assert (info.mode, info.started_at, info.limits) == (Mode.MOCK, NOW, LIMITS)
