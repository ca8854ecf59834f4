"""The install id: made once, kept for ever, never replaced."""

import stat
import sys

import pytest

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.install import load_install


def test_it_is_made_once_and_stays(tmp_path):
    first = load_install(tmp_path)
    assert len(first) == 32
    assert load_install(tmp_path) == first
    assert [each.name for each in tmp_path.iterdir()] == ["install.id"]


def test_every_folder_has_its_own(tmp_path):
    (tmp_path / "other").mkdir()
    assert load_install(tmp_path) != load_install(tmp_path / "other")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_reads_it(tmp_path):
    load_install(tmp_path)
    assert stat.S_IMODE((tmp_path / "install.id").stat().st_mode) == 0o600


@pytest.mark.parametrize("held", [b"", b"0" * 31, b"0" * 33, b"G" * 32, b"\xff" * 32], ids=repr)
def test_a_file_that_was_cut_stops_the_start_and_stays_as_it_is(tmp_path, held):
    file = tmp_path / "install.id"
    file.write_bytes(held)
    with pytest.raises(StartupError, match="backup") as caught:
        load_install(tmp_path)
    assert caught.value.reason is Reason.STORE_CORRUPT
    assert file.read_bytes() == held


def test_a_start_that_was_killed_while_it_was_made_makes_it_again(tmp_path):
    (tmp_path / "install.id.part").write_bytes(b"0123")
    assert load_install(tmp_path) == load_install(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "install.id").mkdir()
    with pytest.raises(StartupError) as caught:
        load_install(tmp_path)
    assert caught.value.reason is Reason.DATA_DIR_UNUSABLE
