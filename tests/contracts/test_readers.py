"""Whatever reads what strangers send takes it or refuses it in its own words, and keeps nothing.

`pytest -m slow` sends thousands; QUANTGRAPH_SEED repeats a run.
"""

import gc
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from api.messages import Hangup, id_of, payload_of, read_message
from api.requests import RequestReader, read_json
from api.sse import read_event_id
from grpc_bridge.tokens import Passage, Position, TokenSeal
from quantgraph.domain.bars import Adjustment, BarRequest, Period, Window
from quantgraph.domain.errors import GatewayError
from schema import scalars
from tests.contracts.fuzz import CASES, repeatable

REQUEST = BarRequest(("600519.SH",), Period.DAY_1, Window(), Adjustment.NONE)
SEAL = TokenSeal(b"secret", wall=lambda: 1_700_000_000.0)
TOKEN = SEAL.write(SEAL.begin(REQUEST, 1, "e"), Position(3, 4, 5))
READER = RequestReader(64)
# Beginnings and ends of what is right, so that more than the first check is met.
WORDS = st.sampled_from(
    ['{"query":', '"{ a }"', '"variables":', '"extensions":', "{}", "[]", "null", "1e999", "-0",
     ",", "}", "]", "{", "[", '"', "\\ud800", "\\u0000", "\xff", '"type":', '"subscribe"', '"ping"',
     '"connection_init"', '"complete"', '"id":', '"payload":', "NaN", "9" * 400]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20,
)  # fmt: skip
NUMERALS = st.text("0123456789.+-eE_ ,٣\u00a0", max_size=40)
DATES = st.from_regex(r"[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9:.]{1,15}(Z|[+-][0-9:]{1,6})?)?")
TEXTS = st.text() | NUMERALS | DATES


def body(raw: bytes) -> None:
    READER.read(read_json(raw))


def message(text: str | bytes) -> None:
    found = read_message({"text": text})
    id_of(found)
    payload_of(found)


def scalar(name: str, value: object) -> None:
    parse = getattr(scalars, f"parse_{name}")
    told = parse(value)
    written = {"decimal": scalars.write_decimal, "instant": scalars.write_instant}.get(name)
    if written is not None:  # what is taken is written as it was meant
        assert parse(written(told)) == told


def token(raw: bytes) -> None:
    passage, _ = SEAL.read(raw, REQUEST)
    assert (type(passage), raw) == (Passage, TOKEN)


def flipped(bits: list[int]) -> bytes:
    made = bytearray(TOKEN)
    for bit in bits:
        made[bit // 8] ^= 1 << bit % 8
    return bytes(made)


def joined(words: list[str]) -> bytes:
    return "".join(words).encode("utf-8", "surrogateescape")


SPOILT = st.builds(flipped, st.lists(st.integers(0, len(TOKEN) * 8 - 1), unique=True))
READERS: dict[str, tuple[Callable[[Any], object], st.SearchStrategy[Any], tuple[type, ...]]] = {
    "HTTP body": (
        body,
        st.binary()
        | st.lists(WORDS).map(joined)
        | VALUES.map(lambda each: json.dumps(each).encode()),
        (GatewayError,),
    ),
    "WebSocket message": (
        message,
        st.text() | st.binary() | st.lists(WORDS).map("".join) | VALUES.map(json.dumps),
        (Hangup,),
    ),
    "resume token": (token, st.binary(max_size=200) | SPOILT, (GatewayError,)),
    "Last-Event-ID": (read_event_id, TEXTS | st.from_regex(r"[a-z]*:[0-9]*"), (GatewayError,)),
    **{
        name: (partial(scalar, name), TEXTS | VALUES, (GraphQLError, GatewayError))
        for name in ("decimal", "long", "date", "instant", "bound", "symbol")
    },
}


def feed(name: str, cases: int) -> None:
    take, strategy, refusals = READERS[name]

    @repeatable(cases)
    @given(strategy)
    def run(given_: Any) -> None:
        with suppress(*refusals):
            take(given_)

    run()


@pytest.mark.parametrize("name", list(READERS))
def test_whatever_comes_is_taken_or_refused_in_its_own_words(name: str) -> None:
    feed(name, 4 * CASES)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(READERS))
def test_thousands_of_anything_are_taken_or_refused(name: str) -> None:
    feed(name, 5_000)


# Each refused, or taken, in another way.
SAMPLES: dict[str, tuple[Any, ...]] = {
    "HTTP body": (b"", b"[1]", b'{"query": 1}', b'{"query": "{ a }"}', b"[" * 9_000,
                  b'{"query":"\xff'),
    "WebSocket message": ("", "[]", "{}", '{"id": 1}', '{"id": "1", "payload": []}', b"x"),
    "resume token": (b"", b"x" * 99, TOKEN, flipped([9]), TOKEN[:-1]),
    "Last-Event-ID": ("", "x", "x:1", "x:-1", ":1", "x:" + "9" * 400),
    **dict.fromkeys(
        ("decimal", "long", "date", "instant", "bound", "symbol"),
        ("", "1.5", "9" * 999, "2024-01-02", "2024-01-02T03:04:05+08:00", "600519.SH", 1, None, [1],
         float("nan"), "1e9", "２０２４-01-02"),
    ),
}  # fmt: skip


def other(sample: Any, number: int) -> Any:
    """Return a text that nobody has read; every second time as it is, so that it is taken too."""
    if number % 2 and isinstance(sample, (str, bytes)):
        end = str(number)
        return sample + end if isinstance(sample, str) else sample + end.encode()
    return sample


@pytest.mark.parametrize("name", list(READERS))
def test_what_was_read_is_not_kept(name: str) -> None:
    take, _, refusals = READERS[name]

    def often(turn: int) -> int:
        for number in range(100 * turn, 100 * (turn + 1)):
            for sample in SAMPLES[name]:
                with suppress(*refusals):
                    take(other(sample, number))
        gc.collect()
        return sys.getallocatedblocks()

    blocks = [often(turn) for turn in range(6)]
    grown = [after - before for before, after in pairwise(blocks)]
    # What is kept is kept in every turn, 50 new texts of each sample; other threads come and go.
    assert min(grown) < 40, grown
