"""Writes docs/errors.md from the reasons and both wires' mappings; `--check` only compares."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from api.statuses import Statuses
from grpc_bridge.status import CODES
from quantgraph.domain.reasons import Kind, Reason
from resolvers.problems import MEMBERS
from tools.reasons import CLIENT_ONLY, GRAPHQL_ONLY, GRPC_ONLY, RESERVED, WORDS

FILE = Path(__file__).parents[1] / "docs" / "errors.md"
# Kinds that only an executed field meets: the response has the other fields' data, and 200.
IN_FIELDS = {
    Kind.NOT_FOUND,
    Kind.REJECTED,
    Kind.CONFLICT,
    Kind.TAKEN,
    Kind.REFUSED,
    Kind.DISABLED,
    Kind.UNSUPPORTED,
    Kind.ABORTED,
}
_HEAD = """\
# Errors

<!-- Written by `python -m tools.errors` from quantgraph/domain/reasons.py and tools/reasons.py. -->

Both wires say why with the same codes. Codes are added, never renamed or reused; messages may
change, so that no program should read them.

- **GraphQL**: `errors[].extensions` has `code`, `messageZh`, `retryable`, `requestId` and, where
  the message has moving parts, `details`. A mutation shows what its caller can act on as data
  instead: a member of its result with `code`, `message`, `messageZh` and `retryable`. A batch
  answers per item: null, and an error with the item's `path`.
- **HTTP** is the status of a request that was refused as a whole. An error of one field leaves the
  others their data, and 200. Clients that accept `application/json` alone get 200 for a wrong
  document or variables too; `http.status_codes = "draft"` answers 422 and 294 as newer texts say.
- **gRPC**: the status has an `ErrorInfo` (`domain` quantgraph, `reason` the code, `metadata` with
  `messageZh`, `retryable`, `requestId` and the moving parts), a `BadRequest` where a field is at
  fault, a `RetryInfo` with RESOURCE_EXHAUSTED. Batches answer per item with a `Failure`.
- **Retryable**: the same request may succeed later without a change. A submit may always be
  repeated with its client order id: it is never sent twice.

A dash stands where a wire never says it.
"""
_COLUMNS = ("Code", "Meaning", "中文", "HTTP", "gRPC", "Retryable", "What to do")


def render(words: Mapping[Reason, tuple[str, str]] = WORDS) -> str:
    """Return the page. Raises SystemExit naming reasons without words, or words without reason."""
    missing = [reason.value for reason in Reason if reason not in words]
    if missing:
        raise SystemExit(f"tools/reasons.py has no words for {', '.join(missing)}.")
    parts = [_HEAD]
    for kind in Kind:
        if kind is not Kind.STARTUP:
            parts += [f"\n## {_title(kind)}\n\n{graphql_place(kind)}\n\n", _table(kind, words)]
    parts += [f"\n## {_title(Kind.STARTUP)}\n\n", _commands(words)]
    return "".join(parts)


def _title(kind: Kind) -> str:
    return kind.value[0].upper() + kind.value[1:]


def _table(kind: Kind, words: Mapping[Reason, tuple[str, str]]) -> str:
    lines = [_row(_COLUMNS), _row("---" for _ in _COLUMNS)]
    for reason in (each for each in Reason if each.kind is kind):
        meaning, remedy = words[reason]
        if reason in RESERVED:
            meaning += " Not sent by this version."
        http = "-" if reason in GRPC_ONLY | CLIENT_ONLY else http_status(reason)
        rpc = "-" if reason in GRAPHQL_ONLY | CLIENT_ONLY else CODES[reason.kind].name
        told = "yes" if reason.retryable else "no"
        lines.append(_row((f"`{reason.value}`", meaning, reason.zh, http, rpc, told, remedy)))
    return "".join(lines)


def _commands(words: Mapping[Reason, tuple[str, str]]) -> str:
    """Return the table of what only the command line says; nothing listens then."""
    lines = [_row(("Code", "Meaning", "中文", "What to do")), _row(["---"] * 4)]
    for reason in (each for each in Reason if each.kind is Kind.STARTUP):
        meaning, remedy = words[reason]
        lines.append(_row((f"`{reason.value}`", meaning, reason.zh, remedy)))
    return "".join(lines)


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(each) for each in cells) + " |\n"


def graphql_place(kind: Kind) -> str:
    """Return where a GraphQL response tells errors of a kind."""
    members: dict[str, list[str]] = {}
    for mutation, table in MEMBERS.items():
        for leaf, shown in table:
            if kind in leaf.kinds:
                members.setdefault(shown.__name__, []).append(mutation)
    if not members:
        return "GraphQL: in `errors`."
    told = "; ".join(f"`{name}` of {', '.join(of)}" for name, of in members.items())
    return f"GraphQL: as data, {told}; elsewhere in `errors`."


def http_status(reason: Reason) -> int:
    """Return the HTTP status of a response that has this reason first."""
    return 200 if reason.kind in IN_FIELDS else Statuses("stable").failed(reason)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` only compare."""
    if arguments == []:
        FILE.write_text(render(), "utf-8", newline="\n")
        return 0
    if arguments != ["--check"]:
        sys.stderr.write("usage: python -m tools.errors [--check]\n")
        return 2
    if FILE.is_file() and FILE.read_text("utf-8") == render():
        return 0
    sys.stderr.write(f"{FILE.name} is not current; run `just errors`.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
