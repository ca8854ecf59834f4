"""A WebSocket client that says anything, in the words of graphql-transport-ws."""

import json
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

PROTOCOL = "graphql-transport-ws"
INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}
QUERY = "{ serverInfo { mode } }"
ANSWER = {"data": {"serverInfo": {"mode": "MOCK"}}}
QUOTES = 'subscription { quotes(symbols: ["600519.SH"]) { kind sequence } }'
# Says SNAPSHOT, and nothing more for some seconds.
QUIET = 'subscription { quotes(symbols: ["600519.SH"], minIntervalMs: 60000) { kind } }'


def subscribe(operation_id: Any = "1", query: Any = QUERY, **payload: Any) -> dict[str, Any]:
    return {"id": operation_id, "type": "subscribe", "payload": {"query": query, **payload}}


def complete(operation_id: Any = "1") -> dict[str, Any]:
    return {"id": operation_id, "type": "complete"}


def following(operation_id: str = "1", payload: Any = ANSWER) -> dict[str, Any]:
    return {"id": operation_id, "type": "next", "payload": payload}


class Socket:
    """Sends anything, reads JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.raw = socket

    def send(self, message: Any) -> None:
        self.raw.send(message if isinstance(message, str | bytes) else json.dumps(message))

    def read(self) -> Any:
        """Return a message; what an operation costs has tests of its own."""
        message = json.loads(self.raw.recv(timeout=20))
        if isinstance(payload := message.get("payload"), dict):
            payload.pop("extensions", None)
        return message

    def code(self) -> int | None:
        """Read until the server hangs up; return its close code, None where it just vanished."""
        try:
            while True:
                self.raw.recv(timeout=20)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None

    def subscribe(self, operation_id: Any, query: str, **payload: Any) -> None:
        self.send(subscribe(operation_id, query, **payload))
