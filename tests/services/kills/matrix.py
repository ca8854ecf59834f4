"""Every place where a gateway can die, by whatever the terminal did then."""

from dataclasses import dataclass

from quantgraph.domain.orders import OrderState
from tests.services.kills.gateway import Kill, Life
from tests.services.kills.referee import Course, Heard

S = OrderState
POINTS = (
    "before_intent", "after_intent", "before_publish", "before_call", "in_call", "after_call",
    "before_outcome", "after_outcome", "at_rest",
)  # fmt: skip
FATES = ("live", "doubted", "filled", "nothing", "refused", "junk", "late", "later")
CANCEL_POINTS = ("before_cancel_call", "in_cancel", "after_cancel_call", "at_rest")
CANCEL_FATES = ("canceled", "lost", "silent", "filled")
# The point is not reached where the terminal does not take the order, and the kill comes at rest.
_TAKEN = ("live", "filled")
_SENT = ("in_call", "after_call", "before_outcome", "after_outcome", "at_rest", "before_intent")


@dataclass(frozen=True)
class Case:
    """A place to die, what the terminal does, and where the order stands after the restart."""

    point: str
    fate: str

    def __str__(self):
        return f"{self.point}-{self.fate}"

    @property
    def unsettled(self):
        """Where an order stands before anything can be concluded from the terminal's silence."""
        if self.point not in _SENT:
            return S.UNKNOWN
        if self.fate == "refused":
            told = self.point in ("after_call", "after_outcome", "at_rest", "before_intent")
            return S.REJECTED if told else S.UNKNOWN
        states = {"live": S.WORKING, "doubted": S.WORKING, "filled": S.FILLED, "junk": S.REJECTED}
        return states.get(self.fate, S.UNKNOWN)


def submits():
    return [Case(point, fate) for point in POINTS for fate in FATES]


def cancels():
    return [Case(point, fate) for point in CANCEL_POINTS for fate in CANCEL_FATES]


def kill_submit(case, folder, calendar):
    """Kill a gateway while it submits, restart it, and return what is wrong."""
    fate = "late" if case.fate == "later" else case.fate
    later = {"k1"} if case.fate == "later" else frozenset()
    course = Course(folder, calendar, lambda _: fate, later=later)
    inside = case.point in ("in_call", "at_rest")
    kill = None if inside else Kill(case.point)
    course.live(
        Life(new=("k1",), kill=kill), heard=Heard(("place",)) if case.point == "in_call" else None
    )
    sent = course.exchange.placed.total()
    course.live(Life(old=("k1",), last=True))
    faults = course.judge()
    early = ("before_intent", "after_intent", "before_publish", "before_call")
    if sent != (case.point not in early):
        faults.append(f"{sent} were sent before the kill")
    found = course.unsettled["k1"].state
    if found is not case.unsettled:
        faults.append(f"it was {found} after the restart, not {case.unsettled}")
    if course.kills != 1:
        faults.append(f"{course.kills} kills")
    return faults


def kill_cancel(case, folder, calendar):
    """Kill a gateway while it cancels; `filled` before the cancel gets there."""
    course = Course(folder, calendar, lambda _: "live", lambda _: case.fate)
    course.live(Life(new=("k1",)))
    if case.fate == "filled":
        course.exchange.fill("b1", 100)
    kill = Kill(case.point) if case.point.endswith("call") else None
    course.live(
        Life(old=("k1",), cancels=("k1",), kill=kill),
        Heard(("withdraw",)) if case.point == "in_cancel" else None,
    )
    asked = len(course.exchange.canceled)
    course.live(Life(old=("k1",), last=True))
    faults = course.judge()
    if course.kills != 2 or asked > 1:
        faults.append(f"{course.kills} kills, {asked} cancels")
    return faults
