"""/metrics, for those who may see it: programs of this machine, or whoever shows a key."""

from ipaddress import ip_address

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api.asgi import peer_of
from api.credentials import from_headers
from quantgraph.domain.errors import Unauthenticated
from quantgraph.domain.ports.gateway import Access
from quantgraph.watching import MetricsConfig


def routes(found: CollectorRegistry, access: Access, config: MetricsConfig) -> list[BaseRoute]:
    """Return /metrics; none where `metrics.access` is "off"."""

    async def metrics(request: Request) -> Response:
        credential = from_headers(request.scope)
        if credential is not None or config.access == "key":
            try:
                await access.authenticate(credential, peer_of(request.scope))
            except Unauthenticated as error:
                return _refused(401, error.message)
        elif not _is_local(request):
            return _refused(403, 'Metrics are for this machine alone (metrics.access = "key").')
        return Response(generate_latest(found), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [] if config.access == "off" else [Route("/metrics", metrics, methods=["GET"])]


def _is_local(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _refused(status: int, text: str) -> Response:
    headers = {"www-authenticate": 'Bearer realm="quantgraph"'} if status == 401 else {}
    return PlainTextResponse(f"{text}\n", status, headers)
