"""Random lives: what clients ask, what the terminal does, where the gateway dies."""

import random

from quantgraph.domain.orders import OrderState
from tests.services.kills.exchange import FATES, Foreign
from tests.services.kills.gateway import Kill, Life
from tests.services.kills.referee import Course, Heard

POINTS = (
    "before_intent", "after_intent", "before_publish", "before_call", "after_call",
    "before_outcome", "after_outcome", "before_cancel_call", "after_cancel_call",
)  # fmt: skip


def run(seed, folder, calendar):
    """Live one schedule through; return what is wrong with it, and the kills it survived."""
    rng = random.Random(seed)
    fates = {f"k{n}": rng.choice(list(FATES)) for n in range(1, 13)}
    cancels = {key: rng.choice(("canceled", "lost", "silent")) for key in fates}
    course = Course(
        folder, calendar, fates.get, cancels.get, lambda told: mixed(rng, told),
        {key for key in fates if rng.random() < 0.3},
    )  # fmt: skip
    keys = iter(fates)
    old = ()
    for _ in range(rng.choice((1, 1, 2, 3))):
        new = tuple(next(keys) for _ in range(rng.randint(1, 3)))
        asked = tuple(key for key in (*old, *new) if rng.random() < 0.3)
        kill, heard = death(rng)
        course.live(Life(new, old, asked, kill, answer_seconds=0.03), heard)
        old += new
        happen(rng, course.exchange)
    course.live(Life((next(keys),), old, last=True, answer_seconds=5.0))
    return course.judge(), course.kills


def death(rng):
    """Return where a gateway dies: at a failpoint, a statement, a question, or at rest."""
    draw = rng.random()
    if draw < 0.4:
        return Kill(rng.choice(POINTS), rng.randint(1, 4)), None
    if draw < 0.7:
        return Kill("statement", rng.randint(1, 60)), None
    return None, Heard(nth=rng.randint(1, 12)) if draw < 0.95 else None


def mixed(rng, told):
    """Lose, repeat and mix the terminal's reports."""
    told = [each for each in told for _ in range(rng.choice((0, 1, 1, 1, 2)))]
    rng.shuffle(told)
    return told


def happen(rng, exchange):
    """Let things happen at the terminal while no gateway looks."""
    for name, row in list(exchange.rows.items()):
        if row.state.final or rng.random() < 0.5:
            continue
        if rng.random() < 0.6:
            exchange.fill(name, rng.randint(1, row.quantity - row.filled_quantity))
        else:
            exchange._change(name, state=OrderState.CANCELED)
    for tag in list(exchange.late):
        if rng.random() < 0.3:
            exchange.arrive(tag)
    if rng.random() < 0.4:
        exchange.enter(Foreign, rng.choice((OrderState.WORKING, OrderState.FILLED)))
