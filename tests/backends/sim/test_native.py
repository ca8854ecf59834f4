"""The compiled core lives the days of the Python that it was made of."""

import json
import sys
from importlib import import_module

import pytest

from quantgraph import native

from . import pythons
from .flow import played

compiled = pytest.mark.skipif(
    native.core_name() != native.COMPILED, reason="the core runs as Python here"
)


@pytest.fixture
def in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is started now runs the core as Python."""
    monkeypatch.setenv("QUANTGRAPH_CORE", native.PYTHON)


@pytest.mark.parametrize("module", native.MODULES)
def test_every_module_of_the_core_comes_from_where_it_is_said_to_run(module: str) -> None:
    name = module.removesuffix(".py").replace("/", ".")
    file = import_module(f"quantgraph.backends.sim.{name}").__file__ or ""
    suffix = ".so" if native.core_name() == native.COMPILED else ".py"
    assert file.endswith(suffix)


@pytest.mark.usefixtures("in_python")
def test_the_environment_may_ask_for_python() -> None:
    code = "from quantgraph.native import core_name; print(core_name())"
    assert pythons.ask(sys.executable, "0", "-c", code).strip() == native.PYTHON


@compiled
@pytest.mark.usefixtures("in_python")
def test_a_traded_day_is_the_same_in_python() -> None:
    told = pythons.ask(sys.executable, "0", played.__file__)
    assert json.loads(told) == played.play()


@compiled
def test_a_random_life_is_the_same_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("-m", "tests.backends.sim.steps", "--steps", "400")
    here = pythons.ask(sys.executable, "0", *command)
    monkeypatch.setenv("QUANTGRAPH_CORE", native.PYTHON)
    assert pythons.ask(sys.executable, "0", *command) == here
