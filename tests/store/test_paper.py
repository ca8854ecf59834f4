"""The kept paper exchange: whole or as before, and a damaged one is refused untouched."""

import zlib

import pytest

from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store.paper import PaperFile


def test_what_was_kept_is_read_again_and_the_newest_alone(tmp_path):
    file = PaperFile(tmp_path / "paper.state")
    assert file.read() is None
    file.write({"day": "2023-02-01"})
    file.write({"day": "2023-02-02", "name": "贵州茅台"})
    assert file.read() == {"day": "2023-02-02", "name": "贵州茅台"}
    assert [each.name for each in tmp_path.iterdir()] == ["paper.state"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.STORE_CORRUPT),
        (b"no state at all", Reason.STORE_CORRUPT),
        (zlib.compress(b"[1, 2]"), Reason.STORE_CORRUPT),
        (zlib.compress(b'{"format": 1}'), Reason.STORE_CORRUPT),
        (zlib.compress(b'{"format": 2, "exchange": {}}'), Reason.STORE_VERSION),
    ],
)
def test_a_file_that_is_none_stops_the_start_and_stays(tmp_path, content, reason):
    path = tmp_path / "paper.state"
    path.write_bytes(content)
    with pytest.raises(StartupError) as stopped:
        PaperFile(path).read()
    assert stopped.value.reason is reason
    assert path.read_bytes() == content


def test_a_state_that_cannot_be_written_leaves_the_one_before(tmp_path):
    path = tmp_path / "paper.state"
    PaperFile(path).write({"day": "2023-02-01"})
    path.with_name("paper.state.part").mkdir()
    with pytest.raises(Unavailable) as failed:
        PaperFile(path).write({"day": "2023-02-02"})
    assert failed.value.reason is Reason.STORE_UNAVAILABLE
    assert PaperFile(path).read() == {"day": "2023-02-01"}
