"""Classes and functions as strict as the SDK's native modules: what is unknown there, fails here.

No attribute can be added, no field takes another type, no call another number of arguments or a
keyword. What is weaker than the real thing: every integer has 64 bits, for widths are not known.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

# Makes what answers one client: called with the function that calls back, and its arguments.
Maker: TypeAlias = Callable[..., Any]
Overloads: TypeAlias = Sequence[tuple[Sequence[str], str]]
_ZEROS: dict[str, Any] = {"int": 0, "float": 0.0, "str": "", "bool": False}
_INT64 = range(-(2**63), 2**63)


class Boundary:
    """What all strict parts share: the classes by name, what was touched, and what escaped."""

    def __init__(self, records: Mapping[str, Sequence[str]]) -> None:
        """Build a class for each record."""
        self.touched: set[str] = set()
        # Exceptions that left a callback: they would end the real process.
        self.escaped: list[BaseException] = []
        self.classes = {name: _record(self, name, lines) for name, lines in records.items()}

    def function(self, name: str, overloads: Overloads, call: Callable[..., Any]) -> Any:
        """Return a native function: the first overload that takes the arguments counts."""

        def native(*args: Any) -> Any:
            for kinds, result in overloads:
                if len(kinds) == len(args) and all(map(self.takes, kinds, args)):
                    answer = call(*args)
                    if not self.takes(result, answer):
                        raise AssertionError(f"the double answers {name}() with {answer!r}")
                    return answer
            shown = ", ".join(type(each).__name__ for each in args)
            expected = " or ".join(f"({', '.join(kinds)})" for kinds, _ in overloads)
            raise TypeError(f"{name}(): incompatible arguments ({shown}), expected {expected}")

        native.__name__ = name
        return native

    def client(self, name: str, methods: Mapping[str, Overloads], make: Maker) -> type:
        """Return a client class; `make(fire, *args)` makes what answers an instance's methods."""
        return _client(self, name, methods, make)

    def takes(self, kind: str, value: Any) -> bool:
        """Return whether the native side takes (or may give) the value where it says `kind`."""
        if kind == "list":
            return isinstance(value, list | tuple)
        if kind.startswith("list["):
            plural = isinstance(value, list | tuple)
            return plural and all(self.takes(kind[5:-1], each) for each in value)
        if kind.startswith("tuple["):
            kinds = kind[6:-1].split(", ")
            right = isinstance(value, tuple) and len(value) == len(kinds)
            return right and all(map(self.takes, kinds, value))
        if kind.startswith("dict"):
            return isinstance(value, dict)
        if kind.startswith(("call(", "Callable")):
            return value is None or callable(value)
        if kind in self.classes:
            return type(value) is self.classes[kind]
        return _PLAIN[kind](value)


def _is_int(value: Any) -> bool:
    try:
        return not isinstance(value, float) and operator.index(value) in _INT64
    except TypeError:
        return False


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "int": _is_int,
    "float": lambda value: hasattr(value, "__float__"),
    # A std::string, which takes bytes as well.
    "str": lambda value: isinstance(value, str | bytes),
    # Exactly bytes: the SDK compares types, and takes a subclass for text.
    "bytes": lambda value: type(value) is bytes,
    "bool": lambda value: isinstance(value, bool),
    "None": lambda value: value is None,
    "object": lambda _: True,
}
_STORED: dict[str, Callable[[Any], Any]] = {
    "int": operator.index,
    "float": float,
    "str": lambda value: value.decode("utf-8") if isinstance(value, bytes) else value,
    "bool": bool,
}


def _record(boundary: Boundary, name: str, lines: Sequence[str]) -> type:
    fields = [(kind, names) for kind, *names in (line.split() for line in lines)]

    def __init__(self: Any) -> None:
        boundary.touched.add(name)
        for kind, (first, *_) in fields:
            setattr(self, f"_{first}", _ZEROS[kind])

    members: dict[str, Any] = {
        "__init__": __init__,
        "__slots__": tuple(f"_{names[0]}" for _, names in fields),
        "__module__": "xtquant.xtpythonclient",
    }
    for kind, names in fields:
        # Both names are one field of the same struct.
        members |= {each: _field(boundary, f"{name}.{each}", kind, names[0]) for each in names}
    return type(name, (), members)


def _field(boundary: Boundary, name: str, kind: str, slot: str) -> property:
    def read(self: Any) -> Any:
        return getattr(self, f"_{slot}")

    def write(self: Any, value: Any) -> None:
        boundary.touched.add(name)
        if not boundary.takes(kind, value):
            raise TypeError(f"{name} takes {kind}, not {type(value).__name__}")
        setattr(self, f"_{slot}", _STORED[kind](value))

    return property(read, write)


def _client(boundary: Boundary, name: str, methods: Mapping[str, Overloads], make: Maker) -> type:
    def __init__(self: Any, *args: Any) -> None:
        bound: dict[str, tuple[str, Any]] = {}

        def fire(event: str, *values: Any) -> None:
            _fire(boundary, bound.get(event), values)

        inner = make(fire, *args)
        for method, overloads in methods.items():
            call = _binder(bound, method, overloads) or _asker(inner, method)
            setattr(self, f"_{method}", boundary.function(method, overloads, call))

    members: dict[str, Any] = {
        "__init__": __init__,
        "__slots__": tuple(f"_{method}" for method in methods),
    }
    for method in methods:
        members[method] = _method(boundary, name, method)
    return type(name, (), members)


def _method(boundary: Boundary, name: str, method: str) -> property:
    def read(self: Any) -> Any:
        boundary.touched.add(f"{name}.{method}")
        return getattr(self, f"_{method}")

    return property(read)


def _binder(bound: dict[str, Any], method: str, overloads: Overloads) -> Any:
    """Return what keeps a callback under its event's name: `StockOrder`, `OrderStock` …"""
    if not method.startswith("bindOn"):
        return None
    event = method.removeprefix("bindOn").removesuffix("Callback").removesuffix("Resp")
    kinds = overloads[0][0][0]

    def bind(callback: Any) -> None:
        bound[event] = (kinds, callback)

    return bind


def _asker(inner: Any, method: str) -> Any:
    def ask(*args: Any) -> Any:
        found = getattr(inner, method, None)
        if found is None:
            # What an older terminal says of a newer verb.
            raise RuntimeError(f"[xtquant]function not realize. name:{method}")
        return found(*args)

    return ask


def _fire(boundary: Boundary, bound: tuple[str, Any] | None, values: Sequence[Any]) -> None:
    if bound is None:
        return
    text, callback = bound
    kinds = [each for each in text.removeprefix("call(").removesuffix(")").split(", ") if each]
    if len(kinds) != len(values) or not all(map(boundary.takes, kinds, values)):
        raise AssertionError(f"the double calls back {text} with {values!r}")
    try:
        callback(*values)
    except BaseException as error:
        boundary.escaped.append(error)
