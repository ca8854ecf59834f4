"""The check that every test of this suite runs under: nothing secret is written anywhere."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from api.spans import attributes_of
from grpc_bridge.tokens import Position, TokenSeal
from quantgraph.domain.access import Scope
from quantgraph.domain.bars import Adjustment, BarRequest, Period, Window
from quantgraph.domain.calls import Call
from quantgraph.domain.errors import Forbidden, InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.store.arming import ArmingSecret
from quantgraph.store.keys import KeyStore
from tests.certificates import Certified
from tests.conftest import ScannedTracer, secrets_in

ROOT = Path(__file__).parents[2]
CASES = """
import logging, os, sys
KEY = "qg_" + "0" * 8 + "_" + "0" * 64
def test_printed():
    print(KEY)
def test_logged():
    logging.getLogger("x").warning("key=%s", KEY)
def test_written_past_python():
    os.write(2, KEY.encode())
def test_clean():
    print(KEY[:12])
"""


def test_whatever_is_written_with_a_secret_fails_its_test(tmp_path: Path) -> None:
    file = tmp_path / "test_cases.py"
    file.write_text(CASES)
    command = ["-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-p", "tests.conftest"]
    given = [*command, "--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml"), str(file)]
    done = subprocess.run(
        [sys.executable, *given], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "3 failed, 1 passed" in done.stdout, done.stdout
    assert "A secret was written to: Captured" in done.stdout


def test_real_keys_and_certificates_are_known_for_what_they_are(tmp_path: Path) -> None:
    key = KeyStore(tmp_path / "keys.sqlite").create(Scope.READ, None)
    pem = Path(Certified(tmp_path).config["certificate"]).read_text("ascii")
    secret = ArmingSecret(tmp_path / "keys.sqlite").create()
    number = "fund_account=88001234567"
    texts = {"key": f"x{key}y", "pem": pem, "arming": secret, "number": number, "id": key[:11]}
    assert secrets_in(texts.items()) == ["key", "pem", "arming", "number"]


@pytest.mark.parametrize("key", [f"qg_{'0' * 8}_{'0' * 64}", f"qga_{'0' * 64}"], ids=len)
def test_an_error_that_names_a_key_cannot_be_made(key: str) -> None:
    with pytest.raises(AssertionError, match="a key in an error"):
        Forbidden(Reason.FORBIDDEN, f"Key {key} may not.")
    with pytest.raises(AssertionError, match="a key in an error"):
        Forbidden(Reason.FORBIDDEN, "It may not.", key=key)


CALL = Call(0.0, 0.0, "http", ("quote",), None, "", "r", 1, "OK", False)
KEY = f"qg_{'a' * 8}_{'b' * 64}"


def test_a_secret_in_a_span_is_found():
    """Every gateway of the suite is traced so; `running_gateway` asserts that nothing was found."""
    tracer = ScannedTracer()
    tracer.ended(CALL, tracer.trail(None))
    assert tracer.secrets == []
    tracer.ended(CALL._replace(request_id=KEY), tracer.trail(None))
    assert len(tracer.secrets) == 1


def test_a_key_in_an_argument_is_not_told():
    trail = ScannedTracer().trail(None)
    trail.asked = lambda allowed: {"symbol": f"600519.SH {KEY}"}
    told = dict(attributes_of(CALL._replace(name=KEY), trail, frozenset({"symbol"})))
    assert told["quantgraph.argument.symbol"] == "600519.SH ***"
    assert told["graphql.operation.name"] == "***"


def wrong_key(path: Path) -> bool:
    store = KeyStore(path)
    start, _, secret = store.create(Scope.READ, None).rpartition("_")
    return store.check(f"{start}_{secret[::-1]}") is not None


def wrong_arming(path: Path) -> bool:
    keeper = ArmingSecret(path)
    return bool(keeper.check(keeper.create()[::-1]))


def wrong_token(_: Path) -> bool:
    request = BarRequest(("600519.SH",), Period.DAY_1, Window(), Adjustment.NONE)
    seal = TokenSeal(b"secret", wall=lambda: 0.0)
    token = seal.write(seal.begin(request, 1, "e"), Position())
    with suppress(InvalidRequest):
        return bool(seal.read(token[:-1] + bytes([token[-1] ^ 1]), request))
    return False


@pytest.mark.parametrize("let_in", [wrong_key, wrong_arming, wrong_token])
def test_only_a_comparison_in_constant_time_tells_a_wrong_secret(
    let_in: Callable[[Path], bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where that says yes to everything, nothing else refuses, sooner or later."""
    assert not let_in(tmp_path / "keys.sqlite")
    monkeypatch.setattr("hmac.compare_digest", lambda *_: True)
    assert let_in(tmp_path / "keys.sqlite")


NAMED = re.compile(r"secret|credential|password|(^|_)mac($|_)", re.IGNORECASE)


def compared(tree: ast.AST) -> Iterator[int]:
    """Yield the lines in which something that is called a secret is compared by its value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            isinstance(each, (ast.Eq, ast.NotEq)) for each in node.ops
        ):
            parts = [part for side in (node.left, *node.comparators) for part in ast.walk(side)]
            names = [getattr(part, "id", getattr(part, "attr", "")) for part in parts]
            if any(NAMED.search(name) for name in names):
                yield node.lineno


def test_nothing_that_is_called_a_secret_is_compared_by_its_value() -> None:
    assert list(compared(ast.parse("secret == a\nb.mac != c\nmachine == 1\nsecret is None"))) == [
        1,
        2,
    ]
    rooms = ("api", "grpc_bridge", "quantgraph", "resolvers", "schema")
    files = [file for room in rooms for file in sorted((ROOT / room).rglob("*.py"))]
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in files
        if "v1" not in file.parts
        for line in compared(ast.parse(file.read_text("utf-8")))
    ]
    assert (len(files) > 100, found) == (True, [])
