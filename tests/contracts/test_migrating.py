"""docs/migrating.md names what exists, and calls planned only what does not."""

import re
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2

from tests.contracts.asking import RPCS
from tests.contracts.fuzz import EXECUTED, SCHEMA, STREAMED
from tests.grpc_bridge.calls import FILES

PAGE = Path(__file__).parents[2] / "docs" / "migrating.md"
HEADS = {"There", "---"}
ENUMS = {name for file in FILES for name in file.DESCRIPTOR.enum_types_by_name}
HEALTH = {
    f"{service.full_name}.{method.name}"
    for service in health_pb2.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
# Routes of the replaced proxy by group: what a row that got lost would leave uncounted.
ROUTES = {
    "Market and reference": 21,
    "Custom sectors": 6,
    "Downloads": 10,
    "Live quotes": 11,
    "Trading": 23,
    "Health": 6,
}


def rows():
    """Each row: its section, and its cells."""
    section = ""
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:].split(":")[0]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in HEADS:
            yield section, cells


ROWS = [pytest.param(cells, id=f"{section}-{cells[0]}") for section, cells in rows()]


def is_field(name: str) -> bool:
    holder, _, field = name.partition(".")
    kind = SCHEMA.type_map.get(holder)
    return kind is not None and (not field or field in getattr(kind, "fields", {}))


def is_rpc(name: str) -> bool:
    return name in RPCS or name in HEALTH or name in ENUMS


@pytest.mark.parametrize("cells", ROWS)
def test_a_name_exists_unless_it_is_planned(cells):
    _, graphql, grpc, _ = cells
    for cell, exists in ((graphql, is_field), (grpc, is_rpc)):
        (name,) = re.findall(r"`([^`]+)`", cell)
        if cell.startswith("planned "):
            assert not exists(name), f"{name} exists now: it is no longer planned"
        else:
            assert exists(name), name


@pytest.mark.parametrize("cells", ROWS)
def test_a_name_in_a_remark_exists(cells):
    for name in re.findall(r"`((?:Query|Mutation|Subscription)\.\w+)`", cells[3]):
        assert is_field(name), name
    for name in re.findall(r"`(\w+Service\.\w+)`", cells[3]):
        assert is_rpc(name), name


def test_every_operation_is_on_the_page():
    """What comes by another name than the planned one would leave its row planned for ever."""
    named = set(re.findall(r"`([\w.]+)`", PAGE.read_text("utf-8")))
    assert {*EXECUTED, *STREAMED} <= named
    assert RPCS.keys() <= named


def test_every_route_has_one_row():
    found = [(section, cells[0]) for section, cells in rows()]
    assert len(found) == len(set(found))
    counts = {section: sum(each == section for each, _ in found) for section, _ in found}
    assert counts == ROUTES


def test_what_is_planned_is_told_apart():
    assert not is_field("Query.nothing")
    assert not is_rpc("BarService.Nothing")
    assert is_field("Instrument.kind")
