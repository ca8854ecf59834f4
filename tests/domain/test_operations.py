"""The list of operations is that of the ports, read here from their source."""

import ast
from pathlib import Path

import pytest

from quantgraph.domain import ports
from quantgraph.domain.operations import operations, report, unsaid

# The gateway's own business, and how `bars` come.
OWN = {"Access", "Audit", "System", "Subscriptions", "Meter", "Visits", "Calls", "BarFrames"}


def written():
    """Every method of every port that Gateway names, as its source says."""
    modules = Path(ports.__path__[0]).glob("*.py")
    bodies = (ast.parse(module.read_text("utf-8")).body for module in modules)
    classes = {
        each.name: each for body in bodies for each in body if isinstance(each, ast.ClassDef)
    }
    protocols = {
        name: [m.name for m in each.body if isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef)]
        for name, each in classes.items()
        if any(isinstance(base, ast.Name) and base.id == "Protocol" for base in each.bases)
    }
    fields = {
        each.target.id: name.id
        for each in classes["Gateway"].body
        if isinstance(each, ast.AnnAssign)
        for name in ast.walk(each.annotation)
        if isinstance(name, ast.Name)
    }
    return {
        (field, method)
        for field, port in fields.items()
        for method in protocols.get(port, ())
        if port not in OWN
    }


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(each[0].upper() + each[1:] for each in rest)


def test_every_method_of_every_port_is_an_operation_once():
    wanted = [camel(f if f == m else f"{f}.{m}") for f, m in written()]
    assert sorted(operations()) == sorted(wanted)
    assert len(set(operations())) == len(operations()) > 30


def test_what_is_said_of_a_port_holds_for_its_operations_unless_one_is_named():
    rows = {each.operation: each for each in report({"trading": None, "trading.cancel": "No."})}
    assert rows["trading.submit"].available
    assert (rows["trading.cancel"].available, rows["trading.cancel"].reason) == (False, "No.")
    assert tuple(rows) == operations()


def test_what_nothing_is_said_of_is_not_available_and_found():
    rows = report({"bars": None})
    assert {each.operation for each in rows if each.available} == {"bars"}
    assert all(each.reason for each in rows if not each.available)
    assert unsaid(rows) == [each for each in operations() if each != "bars"]


@pytest.mark.parametrize("name", ["nothing", "trading.fly", "access", "system.info"])
def test_a_word_about_no_operation_is_an_error(name):
    with pytest.raises(ValueError, match=name):
        report({name: None})
