"""Orders are counted by the state that they come into, once each time."""

from collections import Counter

from quantgraph.domain.journal import Intent, Recorded
from quantgraph.domain.orders import OrderState, Side
from quantgraph.services.states import CountedStates
from tests.backends.sim.hall import order


class Heard:
    def __init__(self):
        self.entries, self.forgotten = [], 0

    def heard(self, entry, recorded):
        self.entries.append((entry, recorded))

    def forget(self):
        self.forgotten += 1


def test_what_is_news_is_counted_and_all_is_handed_on():
    heard, counts = Heard(), Counter()
    counted = CountedStates(heard, counts)
    made = order("k1", Side.BUY, 100, "10.00", state=OrderState.SENT)
    told = [(Intent(made, "d"), Recorded(made, "d", new=new)) for new in (True, False, True)]
    for each in told:
        counted.heard(*each)
    counted.forget()
    assert counts == {OrderState.SENT: 2}
    assert (heard.entries, heard.forgotten) == (told, 1)
