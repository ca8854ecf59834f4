"""What a request's input becomes for the services."""

from decimal import Decimal

from quantgraph.domain.orders import Side
from schema.orders import SubmitOrderInput


def test_an_input_that_comes_again_is_one_ticket_with_one_hash():
    given = SubmitOrderInput(
        account_id="sim-1",
        client_order_id="k",
        symbol="600519.SH",
        side=Side.BUY,
        quantity=100,
        limit_price=Decimal("9.5"),
    )
    assert given.to_domain() is given.to_domain()
    assert given.to_domain().digest() is given.to_domain().digest()
