"""The check that every test of this suite runs under: nothing secret is written anywhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from quantgraph.domain.access import Scope
from quantgraph.domain.errors import Forbidden
from quantgraph.domain.reasons import Reason
from quantgraph.store.keys import KeyStore
from tests.certificates import Certified
from tests.conftest import secrets_in

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
    texts = {"key": f"x{key}y", "pem": pem, "number": "fund_account=88001234567", "id": key[:11]}
    assert secrets_in(texts.items()) == ["key", "pem", "number"]


def test_an_error_that_names_a_key_cannot_be_made() -> None:
    key = f"qg_{'0' * 8}_{'0' * 64}"
    with pytest.raises(AssertionError, match="a key in an error"):
        Forbidden(Reason.FORBIDDEN, f"Key {key} may not.")
    with pytest.raises(AssertionError, match="a key in an error"):
        Forbidden(Reason.FORBIDDEN, "It may not.", key=key)
