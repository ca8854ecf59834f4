"""What the simulated half of the gateway makes of the imported half."""


def test_minutes_made_inside_an_ex_day_begin_at_the_exchange_reference_price(ask):
    """Four shares became 5.6 on 2022-06-06: the close before was 79.98."""
    query = """{ bars(symbol: "601012.SH", period: MIN_1, start: "2022-06-06T09:30:00+08:00",
                      end: "2022-06-06T09:31:00+08:00") { rows { close previousClose } } }"""
    first, second = ask(query)["bars"]["rows"]
    assert first["previousClose"] == 56.94
    assert second["previousClose"] == first["close"]
