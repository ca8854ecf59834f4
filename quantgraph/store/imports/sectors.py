"""Files of sectors: plain lists of members, or graph files of nodes and edges together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from quantgraph.store.imports.draft import Draft
from quantgraph.store.imports.records import read_dates, read_texts, take_distinct
from quantgraph.store.imports.report import Outcome
from quantgraph.store.imports.steps import Step, Steps, count_rows
from quantgraph.store.merge import MergeCount
from quantgraph.store.reference import Listing
from quantgraph.store.sectors import SectorRow
from quantgraph.store.writer import MarketWriter

_STOCKS, _CONCEPTS, _EDGES = "kg-stocks", "kg-concepts", "kg-edges"


@dataclass(frozen=True, slots=True)
class _Node:
    name: str | None
    category: str | None


# a node that no file names keeps its held name, or is known by its id until one does
_UNNAMED = _Node(None, None)


@dataclass(slots=True)
class _Graph:
    """What the graph files of one import say together."""

    names: dict[str, str | None]
    nodes: dict[str, _Node]
    members: dict[str, list[str]]
    day: date | None = None


def read_sectors(drafts: Sequence[Draft]) -> tuple[Sequence[Outcome], Steps]:
    """Check files of sectors together, because edges mean nothing without their nodes."""
    graph = _Graph({}, {}, {})
    outcomes: list[Outcome] = []
    steps: list[Step] = []
    for draft in drafts:
        if draft.layout.name in _READERS:
            outcomes.append(_READERS[draft.layout.name](draft, graph))
        else:
            sectors, outcome = _listed(draft)
            outcomes.append(outcome)
            steps.append(_store(sectors, outcome.rows))
    if graph.members:
        unnamed = [code for code in graph.members if code not in graph.nodes]
        edges = sum(len(symbols) for symbols in graph.members.values())
        steps.append(_store(_from_graph(graph), edges))
        outcomes = [_noted(outcome, unnamed) for outcome in outcomes]
    if graph.names:
        steps.append(_name(graph.names))
    return outcomes, steps


def _listed(draft: Draft) -> tuple[Sequence[SectorRow], Outcome]:
    draft.cells("sector").require()
    names = [name or "" for name in read_texts(draft, "sector")]
    days = read_dates(draft, "date") if draft.has("date") else [draft.options.day] * draft.height
    rows = list(zip(names, days, draft.symbols(), read_texts(draft, "category"), strict=True))
    taken, outcome = take_distinct(draft, rows, [f"{n}\n{d}\n{s}" for n, d, s, _ in rows])
    members: dict[tuple[str, date | None], list[str]] = {}
    for name, day, symbol, _ in taken:
        members.setdefault((name, day), []).append(symbol)
    categories = {name: category for name, _, _, category in taken if category}
    found = [
        SectorRow(name, categories.get(name), None, tuple(symbols), day)
        for (name, day), symbols in members.items()
    ]
    return found, outcome


def _read_stocks(draft: Draft, graph: _Graph) -> Outcome:
    rows = list(zip(draft.symbols(), read_texts(draft, "name"), strict=True))
    taken, outcome = take_distinct(draft, rows, [row[0] for row in rows])
    graph.names.update(taken)
    return outcome


def _read_concepts(draft: Draft, graph: _Graph) -> Outcome:
    columns = (read_texts(draft, field) for field in ("code", "sector", "category"))
    for field in ("code", "sector"):
        draft.cells(field).require()
    rows = list(zip(*columns, strict=True))
    taken, outcome = take_distinct(draft, rows, [row[0] or "" for row in rows])
    graph.nodes.update({code or "": _Node(name, kind) for code, name, kind in taken})
    return outcome


def _read_edges(draft: Draft, graph: _Graph) -> Outcome:
    draft.cells("code").require()
    rows = list(zip(read_texts(draft, "code"), draft.symbols(), strict=True))
    taken, outcome = take_distinct(draft, rows, [f"{code} {symbol}" for code, symbol in rows])
    for code, symbol in taken:
        graph.members.setdefault(code or "", []).append(symbol)
    graph.day = draft.options.day
    return outcome


_READERS = {_STOCKS: _read_stocks, _CONCEPTS: _read_concepts, _EDGES: _read_edges}


def _from_graph(graph: _Graph) -> Sequence[SectorRow]:
    found: list[SectorRow] = []
    for code, symbols in graph.members.items():
        node = graph.nodes.get(code, _UNNAMED)
        members = tuple(dict.fromkeys(symbols))
        found.append(SectorRow(node.name, node.category, code, members, graph.day))
    return found


def _noted(outcome: Outcome, unnamed: Sequence[str]) -> Outcome:
    if outcome.layout != _EDGES or not unnamed:
        return outcome
    return outcome.noted(
        f"{len(unnamed)} sectors have no name in these files ({unnamed[0]} …): they keep the name "
        "that is held, or are named by their id until they come together with their nodes."
    )


def _store(sectors: Sequence[SectorRow], rows: int) -> Step:
    def put(writer: MarketWriter) -> MergeCount:
        changes = [writer.reference.put_sector(sector) for sector in sectors]
        return count_rows(rows, changed=any(changes))

    return Step(rows, put)


def _name(names: Mapping[str, str | None]) -> Step:
    def put(writer: MarketWriter) -> MergeCount:
        listings = [Listing(symbol, name) for symbol, name in names.items()]
        return count_rows(len(names), changed=writer.reference.put_names(listings))

    return Step(len(names), put)
