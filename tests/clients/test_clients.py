"""What npm's clients and audits say of a running gateway, each with its stock settings."""

from pathlib import Path

import pytest

SUITES = sorted(path.name for path in Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("suite", SUITES)
def test_a_stock_client_works(node, suite):
    node(suite)
