"""A plain broadcast on picows, without GraphQL: each quote encoded once, sent to every socket.

python -m bench.fanout.plain_picows PORT FOLDER SYMBOLS
"""

import asyncio
import sys
from collections.abc import Sequence

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_create_server

from bench.fanout.feeding import Feeding, codes

_SOCKETS: set[WSTransport] = set()


class Listener(WSListener):
    """One socket."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        _SOCKETS.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        _SOCKETS.discard(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.CLOSE:
            transport.disconnect()


def say(symbol: str, volume: int) -> None:
    quote = {"symbol": symbol, "lastPrice": 10.01, "volume": volume, "amount": 12345.5}
    told = {"id": "1", "type": "next", "payload": {"data": {"quotes": {"quote": quote}}}}
    text = orjson.dumps(told)
    for socket in _SOCKETS:
        socket.send(WSMsgType.TEXT, text)


async def told() -> None:
    """Return when what was said is written: sends are not queued here."""
    await asyncio.sleep(0)


async def main(port: int, symbols: Sequence[str]) -> None:
    server = await ws_create_server(lambda _: Listener(), "127.0.0.1", port, backlog=2_048)
    print("listening", flush=True)
    await Feeding(say, told, symbols).run()
    server.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), codes(int(sys.argv[3]))))
