"""What DownloadBars is measured against: servers that a subprocess runs, and how they are read.

    python -m bench.peers rows|flight|blobs FOLDER

FOLDER holds `<symbol>.npz` columns, and for `blobs` the frames that the gateway sent. A server
prints its port and ends with its standard input.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

NAMES = ("time", "open", "high", "low", "close", "volume", "amount")
OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)
_Field = descriptor_pb2.FieldDescriptorProto


def columns_of(folder: Path) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    for file in sorted(folder.glob("*.npz")):
        with np.load(file) as held:
            yield file.stem, {name: held[name] for name in NAMES}


def row_messages() -> tuple[type[Any], type[Any]]:
    """Return request and answer of the row design: repeated Bar, the time as text."""
    file = descriptor_pb2.FileDescriptorProto(name="rows.proto", package="rows", syntax="proto3")
    bar = file.message_type.add(name="Bar")
    kinds = {"time": _Field.TYPE_STRING, "volume": _Field.TYPE_INT64}
    for number, name in enumerate(NAMES, 1):
        bar.field.add(
            name=name,
            number=number,
            type=kinds.get(name, _Field.TYPE_DOUBLE),
            label=_Field.LABEL_OPTIONAL,
        )
    ask = file.message_type.add(name="Ask")
    ask.field.add(name="symbol", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
    answer = file.message_type.add(name="Answer")
    answer.field.add(
        name="bars",
        number=1,
        type=_Field.TYPE_MESSAGE,
        type_name=".rows.Bar",
        label=_Field.LABEL_REPEATED,
    )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    found = [pool.FindMessageTypeByName(f"rows.{name}") for name in ("Ask", "Answer")]
    ask_type, answer_type = map(message_factory.GetMessageClass, found)
    return ask_type, answer_type


def serve_rows(folder: Path) -> None:
    held = dict(columns_of(folder))
    ask, answer = row_messages()

    def bars(request: Any, _context: Any) -> Any:
        columns = [held[request.symbol][name].tolist() for name in NAMES]
        found = answer()
        for time, *rest in zip(*columns, strict=True):
            text = datetime.fromtimestamp(time / 1000, UTC).isoformat()
            found.bars.add(time=text, **dict(zip(NAMES[1:], rest, strict=True)))
        return found

    handler = grpc.unary_unary_rpc_method_handler(bars, ask.FromString, answer.SerializeToString)
    serve_grpc("rows.Rows", {"Bars": handler})


def serve_blobs(folder: Path) -> None:
    blobs = [file.read_bytes() for file in sorted(folder.glob("*.frame"))]

    def send(_request: bytes, _context: Any) -> Iterator[bytes]:
        yield from blobs

    serve_grpc("blobs.Blobs", {"Send": grpc.unary_stream_rpc_method_handler(send)})


def serve_grpc(service: str, methods: dict[str, Any]) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(4), options=OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    announce(server.add_insecure_port("127.0.0.1:0"), server.start)
    server.stop(0)


def serve_flight(folder: Path) -> None:
    import pyarrow as pa
    from pyarrow import flight

    rows = int((folder / "rows_per_chunk").read_text())
    tables = [pa.table(columns) for _, columns in columns_of(folder)]
    batches = [batch for table in tables for batch in table.to_batches(rows)]

    class Server(flight.FlightServerBase):
        def do_get(self, _context: Any, _ticket: Any) -> Any:
            return flight.GeneratorStream(batches[0].schema, iter(batches))

    server = Server("grpc://127.0.0.1:0")
    announce(server.port, lambda: None)
    server.shutdown()


def announce(port: int, start: Callable[[], None]) -> None:
    start()
    print(port, flush=True)
    sys.stdin.read()


def read_rows(port: int, symbols: list[str]) -> int:
    """Ask symbol by symbol, and make the columns that the others deliver."""
    ask, answer = row_messages()
    count = 0
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        call = channel.unary_unary("/rows.Rows/Bars", ask.SerializeToString, answer.FromString)
        for symbol in symbols:
            bars = call(ask(symbol=symbol)).bars
            for name in NAMES[1:]:
                np.array([getattr(bar, name) for bar in bars])
            times = np.array([bar.time[:-6] for bar in bars], "datetime64[ms]")
            count += len(times)
    return count


def read_flight(port: int) -> int:
    from pyarrow import flight

    count = 0
    with flight.connect(f"grpc://127.0.0.1:{port}") as client:
        for chunk in client.do_get(flight.Ticket(b"")):
            for column in chunk.data.columns:
                column.to_numpy(zero_copy_only=True)
            count += chunk.data.num_rows
    return count


def read_blobs(port: int) -> int:
    size = 0
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        for blob in channel.unary_stream("/blobs.Blobs/Send")(b""):
            size += len(blob)
    return size


if __name__ == "__main__":
    {"rows": serve_rows, "flight": serve_flight, "blobs": serve_blobs}[sys.argv[1]](
        Path(sys.argv[2])
    )
