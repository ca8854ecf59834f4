"""Every place where a gateway can die, by whatever the terminal did then."""

from dataclasses import dataclass

from quantgraph.domain.orders import OrderState
from tests.services.kills.gateway import Kill, Life
from tests.services.kills.referee import Course, Heard

S = OrderState
THREE = ("k1", "k2", "k3")
POINTS = (
    "before_intent", "after_intent", "before_publish", "before_call", "in_call", "after_call",
    "before_outcome", "after_outcome", "at_rest",
)  # fmt: skip
FATES = ("live", "doubted", "filled", "nothing", "refused", "junk", "late", "later")
CANCEL_POINTS = ("before_cancel_call", "in_cancel", "after_cancel_call", "at_rest")
CANCEL_FATES = ("canceled", "lost", "silent", "filled")
# The point is not reached where the terminal does not take the order, and the kill comes at rest.
_TAKEN = ("live", "filled")
_UNSENT = ("after_intent", "before_publish", "before_call")
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
    """Where the order never gets to the terminal, what that would have done is the same."""
    return [
        Case(point, fate) for point in POINTS for fate in (FATES[:1] if point in _UNSENT else FATES)
    ]


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
    if sent != (case.point not in ("before_intent", *_UNSENT)):
        faults.append(f"{sent} were sent before the kill")
    found = course.unsettled["k1"].state
    if found is not case.unsettled:
        faults.append(f"it was {found} after the restart, not {case.unsettled}")
    if course.kills != 1:
        faults.append(f"{course.kills} kills")
    return faults


def kill_cancel(case, course):
    """Kill a gateway while it cancels; `filled` before the cancel gets there."""
    course.cancel_fate = lambda _: case.fate
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


def approvals():
    """Places to die at an approval; the terminal does nothing before the call."""
    unsent = [Case(point, "live") for point in ("before_approval", "after_approval", "before_call")]
    return unsent + [
        Case(point, fate)
        for point in ("in_call", "after_outcome")
        for fate in ("filled", "nothing", "refused")
    ]


def kill_approval(case, course):
    """Kill a gateway while it sends what another key has approved, and approve once more."""
    course.fate = lambda _: case.fate
    if course.exchange.placed:
        course.faults.append("it was sent before it was approved")
    kill = None if case.point == "in_call" else Kill(case.point)
    heard = Heard(("place",)) if case.point == "in_call" else None
    course.live(Life(old=("k1",), approved=("k1",), kill=kill, waits=True), heard)
    sent = course.exchange.placed.total()
    course.live(Life(old=("k1",), approved=("k1",), waits=True, last=True))
    faults = course.judge()
    if sent != (case.point in ("in_call", "after_outcome")):
        faults.append(f"{sent} were sent before the kill")
    # What was approved is never sent again; what was not is sent by the second approval.
    again = case.point == "before_approval"
    if course.exchange.placed.total() != sent + again or course.kills != 2:
        faults.append(f"{course.exchange.placed.total()} sent, {course.kills} kills")
    return faults


def batches():
    """Places to die amid a batch of three, whose fates differ."""
    points = ("before_intent", "after_intent", "before_call", "after_call", "after_outcome")
    return [Case(point, str(nth)) for point in points for nth in (1, 3)]


def kill_batch(case, folder, calendar):
    """Kill a gateway amid a batch, and send the whole batch again."""
    fates = dict(zip(THREE, ("live", "filled", "nothing"), strict=True))
    course = Course(folder, calendar, fates.get)
    course.live(Life(new=THREE, batch=True, kill=Kill(case.point, int(case.fate))))
    course.live(Life(new=THREE, batch=True, last=True))
    return course.judge() + ([] if course.kills == 1 else [f"{course.kills} kills"])


def timers():
    """Places to die while a dead man's orders are canceled."""
    return [Case(point, "canceled") for point in CANCEL_POINTS[:3]]


def kill_timer(case, course):
    """Kill a gateway at the second of three cancels that nobody asked for."""
    inside = case.point == "in_cancel"
    kill = None if inside else Kill(case.point, 2)
    course.live(Life(dead=True, kill=kill), Heard(("withdraw",), 2) if inside else None)
    asked = len(course.exchange.canceled)
    course.live(Life(old=THREE, last=True))
    faults = course.judge()
    if (asked, course.kills) != (1 if case.point == "before_cancel_call" else 2, 2):
        faults.append(f"{asked} cancels, {course.kills} kills")
    if course.exchange.placed.total() != 3:
        faults.append("a halted account has sent orders")
    return faults


def run(kinds, folder, calendar):
    """Live through all cases of some kinds; yield each by name, what is wrong, and its kills."""
    for kind in kinds:
        cases, kill, first = KINDS[kind]
        begun = None
        if first is not None:  # all of them begin so: lived once, and copied
            begun = Course(folder / kind, calendar, lambda _: "live")
            begun.live(first)
        for case in cases:
            own = folder / f"{kind}-{case}"
            place = (own, calendar) if begun is None else (begun.copied(own),)
            yield f"{kind}-{case}", kill(case, *place), 1 if begun is None else 2


KINDS = {
    "submit": (submits(), kill_submit, None),
    "batch": (batches(), kill_batch, None),
    "cancel": (cancels(), kill_cancel, Life(new=("k1",))),
    "approval": (approvals(), kill_approval, Life(new=("k1",), waits=True)),
    "timer": (timers(), kill_timer, Life(new=THREE)),
}
