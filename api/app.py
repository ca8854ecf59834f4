"""The ASGI application: /graphql on its own short path, pages and health through Starlette."""

from collections.abc import Callable
from dataclasses import dataclass

from strawberry import Schema

from api import explorer, health, scraping
from api.asgi import App, Receive, Scope, Send
from api.bills import Bill
from api.browser import BrowserGuard
from api.execution import Executor
from api.http import GraphQLOverHttp
from api.live import Tellers
from api.metrics import Dials, registry
from api.pages import Pages
from api.policy import policy_of
from api.quick import QuickAnswers
from api.slots import KeptTexts
from api.websocket import GraphQLOverWebSocket
from quantgraph.config import Config
from quantgraph.domain.calls import Underway
from quantgraph.domain.ports.gateway import Gateway

PATH = "/graphql"


@dataclass(frozen=True, slots=True)
class Front:
    """The whole HTTP side: the application, and its short way for what came before.

    `drain` ends the streams that no operation ends; `underway` counts what is being answered.
    `adopt` takes the limits of a changed configuration.
    """

    app: App
    quick: QuickAnswers
    drain: Callable[[], None]
    underway: Underway
    adopt: Callable[[Config], None]


def build_app(schema: Schema, gateway: Gateway, config: Config) -> App:
    """Return the application alone."""
    return build_front(schema, gateway, config).app


def build_front(
    schema: Schema, gateway: Gateway, config: Config, dials: Dials | None = None
) -> Front:
    """Return what uvicorn serves; /metrics where `dials` can be read."""
    texts = KeptTexts(config.cache.texts_mb * 1_000_000)
    executor = Executor(schema, gateway, config.limits, texts, policy_of(config))
    tellers = Tellers(gateway, config.http.gather_ms / 1_000)
    http = GraphQLOverHttp(executor, gateway.access, config, tellers)
    websocket = GraphQLOverWebSocket(executor, gateway.access, config, tellers)
    routes = [*explorer.routes(config), *health.routes(gateway)]
    if dials is not None:
        routes += scraping.routes(registry(dials), gateway.access, config.metrics)
    pages = Pages(routes, gateway.calls)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await (websocket if scope["path"] == PATH else pages)(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == PATH:
            with executor.underway:
                await http(scope, receive, send)
        else:
            await pages(scope, receive, send)

    seconds = config.http.write_seconds
    quick = QuickAnswers(executor, gateway.access, http.bodies, seconds)

    def adopt(new: Config) -> None:
        executor.adopt(new.limits)
        http.bodies.known.clear()  # read within other limits
        http.shared.reservations.most = new.limits.event_streams

    guarded = BrowserGuard(app, config.http, lambda: executor.till.shown(Bill()), gateway.calls)
    return Front(guarded, quick, http.shared.drain, executor.underway, adopt)
