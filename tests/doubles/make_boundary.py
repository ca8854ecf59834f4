"""Writes boundary.json: the SDK's native boundary in a form that a double can be built of.

Run it as `python -m tests.doubles.make_boundary` after the reference changed. Of the reference's
signatures it keeps types; a request's class, which they leave out, is found by its method's name.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "xtquant_native.json"
BOUNDARY = Path(__file__).with_name("boundary.json")
# What does not follow from the name of the method that takes it.
_REQUESTS = {
    "transfer": "TransferParam",
    "queryProductNetValues": "QueryProductNetValueReq",
}
_CALLABLE = re.compile(r"Callable\[\[(.*)\], None\]")
_LEGACY = re.compile(r"m_(?:str|n|d|b)(?=[A-Z])")


def compact(reference: dict[str, Any]) -> dict[str, Any]:
    """Return the boundary: records as lines `type name [other name]`, functions as overloads."""
    classes = dict(reference["xtpythonclient"])
    methods = classes.pop("XtQuantAsyncClient")
    trader = {name: [_signature(text, _request(name, classes))] for name, text in methods.items()}
    data = reference["datacenter"]
    module, client = data["module"], data["IPythonApiClient"]
    return {
        "records": {name: _fields(attributes) for name, attributes in classes.items()},
        "trader": trader,
        "module": {name: list(map(_signature, of)) for name, of in module.items()},
        "client": {
            name: list(map(_signature, of)) for name, of in client.items() if name != "__init__"
        },
    }


def _request(method: str, classes: dict[str, Any]) -> str:
    stem = method.removesuffix("WithSeq")
    name = _REQUESTS.get(stem, f"{stem[0].upper()}{stem[1:]}Req")
    return name if name in classes else "object"


def _signature(text: str, request: str = "object") -> list[Any]:
    arguments, result = text.rsplit(" -> ", 1)
    # The instance itself is not counted; `%` is a class of the module.
    kinds = list(re.findall(r"\{([^{}]*)\}", arguments))
    own = kinds[1:] if kinds[:1] == ["%"] else kinds
    return [[_kind(kind, request) for kind in own], result]


def _kind(kind: str, request: str) -> str:
    found = _CALLABLE.fullmatch(kind)
    if found is None:
        return kind.replace("%", request)
    return f"call({found[1].replace('%', 'object')})"


def _fields(attributes: dict[str, str]) -> list[str]:
    """Pair each legacy name with the newer one of the same field, by name or else by place."""
    legacy = [name for name in attributes if name.startswith("m_")]
    newer = [name for name in attributes if not name.startswith("m_")]
    plain = {(name.replace("_", ""), attributes[name].rstrip("?")): name for name in newer}
    words = {old: (_LEGACY.sub("", old).lower(), attributes[old].rstrip("?")) for old in legacy}
    pairs = {old: plain[word] for old, word in words.items() if word in plain}
    if len(legacy) == len(newer):
        rest = [name for name in newer if name not in pairs.values()]
        pairs |= zip([old for old in legacy if old not in pairs], rest, strict=True)
    lines = [_line(attributes[old], old, pairs.get(old)) for old in legacy]
    return lines + [_line(attributes[name], name) for name in newer if name not in pairs.values()]


def _line(kind: str, *names: str | None) -> str:
    return " ".join([kind.rstrip("?"), *filter(None, names)])


def written(boundary: dict[str, Any]) -> str:
    """Return the file's text: a line for each record and each function."""
    parts: list[str] = []
    for part, entries in boundary.items():
        lines = ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(of)}" for name, of in entries.items()
        )
        parts.append(f" {json.dumps(part)}: {{\n{lines}\n }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    if not REFERENCE.is_file():
        sys.exit(f"There is no {REFERENCE}: boundary.json stays as it is.")
    BOUNDARY.write_text(written(compact(json.loads(REFERENCE.read_text("utf-8")))), "utf-8")
