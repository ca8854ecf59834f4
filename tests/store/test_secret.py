"""The secret of resume tokens outlives a restart and is nobody else's to read."""

import sys
from pathlib import Path

import pytest

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.secret import load_secret


def test_a_folder_keeps_its_secret(tmp_path: Path):
    secret = load_secret(tmp_path)
    assert len(secret) == 32
    assert load_secret(tmp_path) == secret
    assert [each.name for each in tmp_path.iterdir()] == ["resume.secret"]


def test_every_folder_has_another(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert load_secret(tmp_path / "a") != load_secret(tmp_path / "b")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_only_its_owner_may_read_it(tmp_path: Path):
    load_secret(tmp_path)
    assert (tmp_path / "resume.secret").stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_cut_is_made_anew(tmp_path: Path):
    (tmp_path / "resume.secret").write_bytes(b"short")
    (tmp_path / "resume.secret.part").write_bytes(b"left by a crash")
    assert len(load_secret(tmp_path)) == 32


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path: Path):
    (tmp_path / "resume.secret").mkdir()
    with pytest.raises(StartupError) as refused:
        load_secret(tmp_path)
    assert refused.value.reason is Reason.DATA_DIR_UNUSABLE
