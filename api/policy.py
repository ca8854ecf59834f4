"""Which documents are taken, and what of the contract they are told."""

from dataclasses import dataclass

from api.trusted import ANY, TrustedDocuments, load_trusted
from quantgraph.config import Config
from quantgraph.wires import shown


@dataclass(frozen=True, slots=True)
class DocumentPolicy:
    """`introspection`: `__schema` and `__type` are answered; `suggestions`: so are misspellings."""

    trusted: TrustedDocuments = ANY
    introspection: bool = True
    suggestions: bool = True


OPEN = DocumentPolicy()


def policy_of(config: Config) -> DocumentPolicy:
    """Return what is configured. Raises StartupError CONFIG_INVALID for a bad manifest."""
    http, mode = config.http, config.mode
    told = (shown(http.introspection, mode), shown(http.suggestions, mode))
    return DocumentPolicy(load_trusted(http), *told)
