"""Reads server-sent events, and the parts of a multipart answer."""

import json
from collections.abc import Iterator
from typing import Any

import httpx


def records(response: httpx.Response) -> Iterator[dict[str, str]]:
    """Yield the fields of each event; comments are left out."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if not line:
            if fields:
                yield fields
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")


def events(response: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Yield (event, data) pairs."""
    for fields in records(response):
        data = fields.get("data")
        yield fields["event"], bare(json.loads(data)) if data else None


def bare(data: dict[str, Any]) -> dict[str, Any]:
    """Return data without what its operation costs, which has tests of its own."""
    for holder in (data, data.get("payload")):
        if isinstance(holder, dict):
            holder.pop("extensions", None)
    return data
