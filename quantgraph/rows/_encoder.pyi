from typing import Any

def encode(
    cells: tuple[tuple[Any, ...], ...], length: int, start: int, stop: int, close: bytes
) -> bytes: ...
