"""Files that are replaced whole."""

import errno
import os
import stat
import sys

import pytest

from quantgraph.store import files
from quantgraph.store.files import replace_whole, settle

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes or handles")


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "heads"
    (tmp_path / "heads.part").write_bytes(b"left by a crash, and longer than what comes now")
    for content in (b"first\n", b"second\n"):
        replace_whole(path, content)
        assert path.read_bytes() == content
        assert [each.name for each in tmp_path.iterdir()] == ["heads"]


@posix
def test_a_secret_is_its_owners_alone_though_something_lay_in_its_way(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"seen by all")
    (tmp_path / "secret.part").symlink_to(elsewhere)
    replace_whole(tmp_path / "secret", b"s", private=True)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert elsewhere.read_bytes() == b"seen by all"


def test_a_disk_that_takes_nothing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "heads"
    replace_whole(path, b"old")

    def full(_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        replace_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["heads"]


@posix
def test_the_name_is_on_the_disk_after_the_content(tmp_path, monkeypatch):
    acts, sync = [], os.fsync

    def noted(handle):
        folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        acts.append((folder, (tmp_path / "heads").exists()))
        sync(handle)

    monkeypatch.setattr(files.os, "fsync", noted)
    replace_whole(tmp_path / "heads", b"new")
    assert acts == [(False, False), (True, True)]


@posix
def test_only_a_folder_that_cannot_be_asked_is_let_be(tmp_path, monkeypatch):
    for number, raised in ((errno.EINVAL, False), (errno.EIO, True)):

        def refuse(_, number=number):
            raise OSError(number, "no")

        monkeypatch.setattr(files.os, "fsync", refuse)
        if raised:
            with pytest.raises(OSError, match="no"):
                settle(tmp_path)
        else:
            settle(tmp_path)
