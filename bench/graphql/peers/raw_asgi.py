"""The floor: an ASGI function that sends bytes made beforehand, those of the gateway's answers.

    python -m bench.graphql.peers.raw_asgi PORT FOLDER

GET or POST /NAME answers with FOLDER/NAME.json.
"""

import sys
from pathlib import Path
from typing import Any

from bench.graphql.peers import serving

_answers = {
    f"/{file.stem}": (file.read_bytes(), str(file.stat().st_size).encode())
    for file in Path(sys.argv[2]).glob("*.json")
}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive()).get("more_body", False):
        pass
    body, length = _answers[scope["path"]]
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    serving.run(app, int(sys.argv[1]))
