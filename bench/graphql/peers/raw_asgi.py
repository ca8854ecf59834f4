"""The floor: an ASGI function that sends bytes made beforehand, those of the gateway's answers.

    python -m bench.graphql.peers.raw_asgi PORT FOLDER [JOURNAL]

GET or POST /NAME answers with FOLDER/NAME.json. With a JOURNAL, a SQLite file that it makes, an
order is a row of it before it is answered: one commit, which is one fsync, and nothing else.
"""

import sqlite3
import sys
from pathlib import Path
from typing import Any

from bench.graphql.peers import serving

_answers = {
    f"/{file.stem}": (file.read_bytes(), str(file.stat().st_size).encode())
    for file in Path(sys.argv[2]).glob("*.json")
}


def _journal(file: str) -> sqlite3.Connection:
    journal = sqlite3.connect(file, isolation_level=None)
    journal.execute("PRAGMA journal_mode=WAL")
    journal.execute("PRAGMA synchronous=FULL")
    journal.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return journal


_orders = _journal(sys.argv[3]) if len(sys.argv) > 3 else None


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    asked = await receive()
    while asked.get("more_body", False):
        asked = await receive()
    if _orders is not None and scope["path"] == "/order":
        _orders.execute("INSERT INTO orders (body) VALUES (?)", (asked["body"],))
    body, length = _answers[scope["path"]]
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    serving.run(app, int(sys.argv[1]))
