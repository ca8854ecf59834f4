"""The ASGI application: /graphql on its own short path, pages and health through Starlette."""

from starlette.applications import Starlette
from strawberry import Schema

from api import explorer, health
from api.asgi import App, Receive, Scope, Send
from api.browser import BrowserGuard
from api.execution import Executor
from api.http import GraphQLOverHttp
from api.slots import KeptTexts
from api.websocket import GraphQLOverWebSocket
from quantgraph.config import Config
from quantgraph.domain.ports import Gateway

PATH = "/graphql"


def build_app(schema: Schema, gateway: Gateway, config: Config) -> App:
    """Return the application that uvicorn serves."""
    texts = KeptTexts(config.cache.texts_mb * 1_000_000)
    executor = Executor(schema, gateway, config.limits, texts)
    http = GraphQLOverHttp(executor, gateway.access, config.http)
    websocket = GraphQLOverWebSocket(executor, gateway.access, config.limits)
    pages = Starlette(routes=[*explorer.routes(config.http.graphiql), *health.routes(gateway)])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if scope["path"] == PATH:
                await websocket(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http" and scope["path"] == PATH:
            await http(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return BrowserGuard(app, config.http)
