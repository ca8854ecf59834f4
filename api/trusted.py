"""Documents known beforehand: named by their hash, and where it is wished the only ones."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import orjson
import structlog
from graphql import GraphQLError, parse, print_ast

from quantgraph.config import HttpConfig
from quantgraph.domain.errors import Forbidden, NotFound, StartupError
from quantgraph.domain.reasons import Reason

# As the GraphQL-over-HTTP working group writes ids of persisted documents.
PREFIX = "sha256:"
_LARGEST = 64_000_000
# Unknown documents of which the log tells once.
_TOLD = 1_000
_log = structlog.get_logger(__name__)


def id_of(text: str) -> str:
    """Return a document's id."""
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


class TrustedDocuments:
    """The documents of a manifest, a JSON object of ids and texts."""

    def __init__(self, mode: Literal["any", "log", "enforce"], texts: Mapping[str, str]) -> None:
        """Let `any` document pass, `log` those that are not in the manifest, or refuse them."""
        self._mode = mode
        self._texts = texts
        # Clients that send their documents often print them anew: the printed form is the same.
        self._known = set(texts) | {id_of(_printed(text)) for text in texts.values()}
        self._told: set[str] = set()

    def text(self, document_id: str) -> str:
        """Return a document by its id. Errors: UNKNOWN_DOCUMENT."""
        found = self._texts.get(document_id)
        if found is None:
            text = f"No document {document_id[:80]!r} is in the manifest (http.manifest)."
            raise NotFound(Reason.UNKNOWN_DOCUMENT, text)
        return found

    def admit(self, text: str) -> None:
        """Take a document that was sent in full. Errors: UNTRUSTED_DOCUMENT."""
        if self._mode == "any":
            return
        found = id_of(text)
        if found in self._known:
            return
        if self._mode == "enforce":
            told = "Documents are taken from a manifest here, and this one is not in it."
            raise Forbidden(Reason.UNTRUSTED_DOCUMENT, told, document_id=found)
        if found not in self._told and len(self._told) < _TOLD:
            self._told.add(found)
            _log.warning("untrusted_document", document_id=found)


ANY = TrustedDocuments("any", {})


def load_trusted(config: HttpConfig) -> TrustedDocuments:
    """Read the manifest. Raises StartupError CONFIG_INVALID naming the file and the entry."""
    texts = _manifest(Path(config.manifest).expanduser()) if config.manifest else {}
    return TrustedDocuments(config.documents, texts)


def _manifest(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > _LARGEST:
            raise _unusable(path, f"is larger than {_LARGEST} bytes")
        found: Any = orjson.loads(path.read_bytes())
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror or error}") from None
    except orjson.JSONDecodeError as error:
        raise _unusable(path, f"is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise _unusable(path, "is no object of ids and documents")
    entries = cast("dict[str, object]", found)
    for name, text in entries.items():
        if not isinstance(text, str) or id_of(text) != name:
            raise _unusable(path, f"says {name[:80]!r} of a document that has another hash")
    return cast("dict[str, str]", entries)


def _printed(text: str) -> str:
    try:
        return print_ast(parse(text))
    except GraphQLError:  # it is refused when it is asked for
        return text


def _unusable(path: Path, why: str) -> StartupError:
    return StartupError(Reason.CONFIG_INVALID, f"http.manifest: {path} {why}.", file=str(path))
