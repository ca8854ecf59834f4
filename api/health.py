"""Health for people, load balancers and service managers; no key needed, no secret told."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from quantgraph.domain.ports.gateway import Gateway
from schema.scalars import write_instant


def routes(gateway: Gateway) -> list[BaseRoute]:
    """Return /health/, /health/live and /health/ready."""

    async def live(_: Request) -> Response:
        return _json({"status": "live"}, 200)

    async def ready(_: Request) -> Response:
        problems = dict(await gateway.system.problems())
        status = "not ready" if problems else "ready"
        return _json({"status": status, "problems": problems}, 503 if problems else 200)

    async def details(_: Request) -> Response:
        info = await gateway.system.info()
        problems = dict(await gateway.system.problems())
        report = {
            "status": "not ready" if problems else "ready",
            "problems": problems,
            "version": info.version,
            "mode": info.mode.value,
            "tradingState": info.trading_state.value,
            "startedAt": write_instant(info.started_at),
            "clock": write_instant(info.clock.now),
            "backends": {each.name: each.connected for each in info.backends},
        }
        return _json(report, 200)

    return [
        Route("/health/", details, methods=["GET"]),
        Route("/health", details, methods=["GET"]),
        Route("/health/live", live, methods=["GET"]),
        Route("/health/ready", ready, methods=["GET"]),
    ]


def _json(value: object, status: int) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(orjson.dumps(value), status, headers, media_type="application/json")
