"""Ask a gateway in memory over HTTP, as a client would."""

from typing import Any

import httpx

from api.app import build_app
from quantgraph.loading import load_config
from resolvers.root import graphql_schema


async def ask_world(world: Any, query: str, key: str | None = None, **variables: Any) -> Any:
    """Return the whole answer of a query to the ports of a world, shown a key of it or none."""
    app = build_app(graphql_schema, world.gateway, load_config(None, {"mode": "mock"}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        body = {"query": query, "variables": variables}
        headers = {} if key is None else {"x-api-key": key}
        return (await http.post("/graphql", json=body, headers=headers)).json()
