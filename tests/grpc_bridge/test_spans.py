"""Coverage of a download that was read in portions."""

from datetime import date

from grpc_bridge.spans import merged_coverage
from quantgraph.domain.bars import Coverage


def test_what_two_portions_lack_is_counted_together():
    first = Coverage(1, 9, False, 2, (date(2023, 2, 1), date(2023, 2, 2)))
    second = Coverage(1, 9, False, 3, (date(2023, 3, 1), date(2023, 3, 2), date(2023, 3, 3)))
    found = merged_coverage([first, second])
    assert (found.complete, found.missing) == (False, 5)
    assert found.missing_dates == first.missing_dates + second.missing_dates
