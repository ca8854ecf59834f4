"""The GraphiQL page in a real browser against a real gateway."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, WebSocket

_PICTURE = Path(__file__).parents[2] / "docs" / "screenshots" / "graphiql.png"
_RESPONSE = """() => {
  const models = globalThis.__MONACO?.editor.getModels() ?? [];
  return models.find(model => model.uri.path.endsWith('response.json'))?.getValue() ?? '';
}"""
_VIOLATIONS = """document.addEventListener('securitypolicyviolation', event =>
  console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`))"""


@dataclass
class Visit:
    """One opened page, and all that it asked for or complained about."""

    page: "Page"
    base: str
    addresses: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    greetings: list[str | None] = field(default_factory=list)

    def open(self) -> None:
        self.page.add_init_script(_VIOLATIONS)
        self.page.on("request", lambda request: self.addresses.append(request.url))
        self.page.on("websocket", self._follow)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)
        self.page.goto(self.base)
        self.page.wait_for_selector(".graphiql-execute-button")

    def run(self, tab: str) -> None:
        self.page.get_by_role("button", name=tab, exact=True).click()
        self.page.click(".graphiql-execute-button")

    def answer(self, until: str) -> dict[str, Any]:
        """Wait until JavaScript's `until` holds of the answer `it`, and return the answer."""
        parsed = f"JSON.parse(({_RESPONSE})() || '{{}}')"
        self.page.wait_for_function(f"() => {{ const it = {parsed}; return {until}; }}")
        return json.loads(self.page.evaluate(_RESPONSE))

    def _listen(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _follow(self, socket: "WebSocket") -> None:
        self.addresses.append(socket.url)
        socket.on("framesent", self._greet)

    def _greet(self, frame: str | bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "connection_init":
            self.greetings.append((message.get("payload") or {}).get("x-api-key"))


@pytest.fixture
def visit(browser: "Browser", gateway: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    visit = Visit(context.new_page(), gateway)
    visit.open()
    yield visit
    context.close()


def _assert_quiet(visit: Visit) -> None:
    assert visit.complaints == []
    assert {urlsplit(each).netloc for each in visit.addresses} == {urlsplit(visit.base).netloc}


def test_bars_and_live_quotes_arrive_in_the_page(visit: Visit) -> None:
    visit.page.wait_for_selector(".banner[data-mode=MOCK]")
    visit.run("Bars")
    series = visit.answer("it.data || it.errors")["data"]["bars"]
    assert series["symbol"] == "600519.SH"
    assert len(series["rows"]) == 20

    visit.run("Quotes")
    seen = visit.answer("it.errors || (it.earlier ?? []).length >= 6")
    events = [seen["data"], *seen["earlier"]]
    updates = [each["quotes"] for each in events if each["quotes"]["kind"] == "UPDATE"]
    assert len(updates) >= 2
    assert all(update["quote"]["lastPrice"] > 0 for update in updates)
    _assert_quiet(visit)


def test_an_order_is_made_and_cancelled_from_the_ready_tabs(visit: Visit) -> None:
    visit.run("SubmitOrder")
    made = visit.answer("it.data || it.errors")["data"]["submitOrder"]
    assert made["__typename"] == "SubmitOrderSuccess", made
    visit.run("CancelOrder")
    gone = visit.answer("it.errors || it.data?.cancelOrder")["data"]["cancelOrder"]
    assert gone["__typename"] == "CancelOrderSuccess", gone
    assert gone["order"]["id"] == made["order"]["id"]
    visit.run("OrderUpdates")
    assert "orderUpdates" in visit.answer("it.data || it.errors")["data"]
    _assert_quiet(visit)


@pytest.mark.parametrize("tab", ["Financials", "Sectors", "Positions"])
def test_the_other_tabs_answer(visit: Visit, tab: str) -> None:
    visit.run(tab)
    answer = visit.answer("it.data || it.errors")
    assert "errors" not in answer
    assert answer["data"][tab.lower()]
    _assert_quiet(visit)
    if tab == "Sectors" and os.environ.get("QUANTGRAPH_SCREENSHOT"):
        visit.page.mouse.move(700, 10)
        visit.page.wait_for_function("() => !document.querySelector('.visible.scrollbar')")
        visit.page.screenshot(path=_PICTURE)


def test_a_key_is_sent_and_kept_nowhere(visit: Visit) -> None:
    secret = "qg_secret"
    visit.page.fill(".banner input[name=key]", secret)
    with visit.page.expect_request(lambda request: request.headers.get("x-api-key") == secret):
        visit.page.press(".banner input[name=key]", "Enter")
    visit.run("Quotes")
    visit.answer("it.data || it.errors")
    assert secret in visit.greetings
    assert secret not in visit.page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert not any(secret in address for address in visit.addresses)
