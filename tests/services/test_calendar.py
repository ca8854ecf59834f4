import json
from datetime import date

import pytest

from quantgraph.config import CalendarConfig
from quantgraph.domain.errors import StartupError, Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.services import calendar as module
from quantgraph.services.calendar import load_calendar
from tools.closures import name_closures


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calendar")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_shipped", lambda _: None)
        load_calendar(CalendarConfig(), folder)
    return folder


@pytest.fixture
def library(monkeypatch):
    """Counts how often the slow library is asked; what is shipped is of another version."""
    asked = []
    compute = module.compute_sessions
    monkeypatch.setattr(module, "compute_sessions", lambda: asked.append(1) or compute())
    monkeypatch.setattr(module, "_shipped", lambda _: None)
    return asked


def test_what_is_shipped_is_what_the_pinned_library_says(monkeypatch, tmp_path):
    """Run `just closures` after a new version of exchange_calendars."""
    shipped = load_calendar(CalendarConfig(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    sessions, last = module.compute_sessions()
    assert shipped.sessions.tolist() == sessions.tolist()
    assert shipped.last == last


def test_the_shipped_names_are_what_the_holiday_library_says(tmp_path):
    shipped = load_calendar(CalendarConfig(), tmp_path)
    told = name_closures(*module.compute_sessions())
    assert shipped.names == {day: name for day, name in told.items() if name}
    assert min(shipped.names).year == 2004
    assert shipped.names[date(2023, 1, 27)] == "春节"
    assert shipped.names[date(2024, 2, 9)] == "春节"  # closed by the exchange alone


def test_another_version_of_the_library_is_asked_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "version", lambda _: "99.0")
    assert load_calendar(CalendarConfig(), tmp_path).is_session(date(2023, 2, 1))
    assert [file.name for file in tmp_path.iterdir()] == ["sessions-99.0.json"]


def test_it_covers_the_exchange_from_its_first_day_to_the_end_of_2026(folder):
    calendar = load_calendar(CalendarConfig(), folder)
    assert (calendar.first, calendar.last) == (date(1990, 12, 19), date(2026, 12, 31))
    assert calendar.is_session(date(1990, 12, 19))
    assert not calendar.is_session(date(2023, 1, 23))  # spring festival
    assert calendar.next_session(date(2023, 1, 20)) == date(2023, 1, 30)
    with pytest.raises(Unsupported):
        calendar.is_session(date(2027, 1, 4))


def test_the_library_is_asked_once(folder, library):
    again = load_calendar(CalendarConfig(), folder)
    assert len(again.sessions) > 8000
    assert not library


def test_a_damaged_file_is_computed_anew(folder, library, tmp_path):
    kept = next(folder.glob("sessions-*.json"))
    text = json.loads(kept.read_text())
    text["days"].pop(100)
    (tmp_path / kept.name).write_text(json.dumps(text))
    repaired = load_calendar(CalendarConfig(), tmp_path)
    assert library == [1]
    assert repaired.sessions.tolist() == load_calendar(CalendarConfig(), folder).sessions.tolist()
    assert (tmp_path / kept.name).read_bytes() == kept.read_bytes()


def test_a_folder_that_cannot_be_written_costs_only_the_time(tmp_path, library):
    (tmp_path / "file").write_text("")
    assert load_calendar(CalendarConfig(), tmp_path / "file" / "below").is_session(date(2023, 2, 1))
    assert library


def test_the_config_takes_it_further(folder):
    config = CalendarConfig(covered_until=date(2027, 1, 8), closures=(date(2027, 1, 1),))
    calendar = load_calendar(config, folder)
    assert calendar.last == date(2027, 1, 8)
    assert calendar.next_session(date(2026, 12, 31)) == date(2027, 1, 4)
    assert not calendar.is_session(date(2027, 1, 1))


def test_a_closure_takes_a_day_out_of_what_the_library_knows(folder):
    calendar = load_calendar(CalendarConfig(closures=(date(2023, 2, 1),)), folder)
    assert not calendar.is_session(date(2023, 2, 1))


def test_a_shorter_coverage_takes_nothing_away(folder):
    assert load_calendar(CalendarConfig(covered_until=date(2020, 1, 1)), folder).last == date(
        2026, 12, 31
    )


@pytest.mark.parametrize("until", [None, date(2027, 1, 8)])
def test_a_closure_that_would_change_nothing_is_refused(folder, until):
    late = date(2027, 10, 1)
    with pytest.raises(StartupError) as caught:
        load_calendar(CalendarConfig(covered_until=until, closures=(late,)), folder)
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert "2027-10-01" in caught.value.message
    assert "covered_until" in caught.value.message
