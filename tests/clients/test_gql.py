"""Python's gql with its stock transports."""

from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport, HTTPXTransport
from gql.transport.websockets import WebsocketsTransport

QUOTE = """query ($symbol: Symbol! = "600519.SH") {
  quote(symbol: $symbol) { symbol lastPrice }
}"""
CANCEL = """mutation {
  cancelOrder(input: {accountId: "sim-1", clientOrderId: "nobody-made-it"}) {
    __typename ... on Problem { code }
  }
}"""
QUOTES = 'subscription { quotes(symbols: ["600519.SH"]) { kind quote { lastPrice } } }'
UNKNOWN = 'subscription { quotes(symbols: ["999999.SH"]) { kind } }'


@pytest.fixture
def url(gateway: Any) -> str:
    return f"{gateway.addresses.http}/graphql"


def check(quote: Any, cancelled: Any) -> None:
    assert quote["quote"]["symbol"] == "600519.SH"
    assert quote["quote"]["lastPrice"] > 0
    assert cancelled["cancelOrder"] == {"__typename": "OrderNotFound", "code": "ORDER_NOT_FOUND"}


def test_queries_and_mutations_by_post(url):
    with Client(transport=HTTPXTransport(url=url)) as session:
        check(session.execute(gql(QUOTE)), session.execute(gql(CANCEL)))


async def test_queries_and_mutations_by_post_without_blocking(url):
    async with Client(transport=HTTPXAsyncTransport(url=url)) as session:
        check(await session.execute(gql(QUOTE)), await session.execute(gql(CANCEL)))


def test_the_schema_it_reads_refuses_a_wrong_document_before_it_is_sent(url):
    with (
        Client(transport=HTTPXTransport(url=url), fetch_schema_from_transport=True) as session,
        pytest.raises(Exception, match="Cannot query field 'nothing'"),
    ):
        session.execute(gql("{ nothing }"))


def test_an_error_has_its_code(url):
    with (
        Client(transport=HTTPXTransport(url=url)) as session,
        pytest.raises(TransportQueryError) as caught,
    ):
        session.execute(gql("{ nothing }"))
    [error] = caught.value.errors
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_subscriptions_by_graphql_ws(url):
    transport = WebsocketsTransport(url=url.replace("http", "ws"))
    async with Client(transport=transport) as session:
        kinds = []
        async for result in session.subscribe(gql(QUOTES)):
            kinds.append(result["quotes"]["kind"])
            if len(kinds) == 3:
                break
        assert kinds == ["SNAPSHOT", "UPDATE", "UPDATE"]
        check(await session.execute(gql(QUOTE)), await session.execute(gql(CANCEL)))
        with pytest.raises(TransportQueryError) as caught:
            async for _ in session.subscribe(gql(UNKNOWN)):
                pass
    [error] = caught.value.errors
    assert error["extensions"]["code"] == "UNKNOWN_SYMBOL"
