"""What the probes of the end-to-end tests and benches say they saw."""

from tests.e2e.probes import Seen, waited


def test_an_ask_that_outlasts_a_span_is_part_of_it():
    asks = [Seen(0.0, 900.0, "ended before"), Seen(0.95, 5_000.0, "TERMINAL_OFFLINE")]
    assert [each.told for each in waited(asks, 1.0, 4.0)] == ["TERMINAL_OFFLINE"]


def test_an_ask_after_a_span_is_none_of_it():
    assert waited([Seen(4.0, 1.0, "later")], 1.0, 4.0) == []
