"""Documents made to cost much, and the largest one that is allowed: for tests and for the bench."""

from collections.abc import Mapping

TOKENS, ALIASES = 200_000, 3_000
# What fills the largest body. A few tokens as long as a body are measured by that.
FILLING = "\\u4e2d" * 24
LONG = ("comments", "a long name", "a long text", "a block of text")


def largest(filling: str = "") -> str:
    """The dearest to parse that is allowed: 2,000 tokens, 30 aliases, no field twice."""
    aliased = [f'a{n}: sector(name: "x") {{ name }}' for n in range(30)]
    listed = " ".join(f'"{n:06}{filling}"' for n in range(1_650))
    return f"{{ {' '.join(aliased)} accounts(ids: [{listed}]) {{ id }} }}"


def hostile() -> Mapping[str, str]:
    """Return documents by what is bad about them."""
    fields = ("mode", "tradingState", "version", "data")
    fragments = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(180)]
    return {
        "tokens": "{ " + "a " * TOKENS + "}",
        "tokens of one field": "{ " + "serverInfo { mode } " * (TOKENS // 4) + "}",
        "conflicting aliases": "{ serverInfo { "
        + " ".join(f"a: {fields[n % 4]}" for n in range(ALIASES)) + " } }",
        "conflicting aliases within the tokens": "{ serverInfo { "
        + " ".join(f"a: {fields[n % 4]}" for n in range(600)) + " } }",
        "conflicting objects": "{ "
        + " ".join(f'a: sector(name: "{n}") {{ name }}' for n in range(200)) + " }",
        "conflicts in fragments": "{ " + " ".join(f"...C{n}" for n in range(180)) + " } "
        + " ".join(f'fragment C{n} on Query {{ sector(name: "{n}") {{ name }} }}'
                   for n in range(180)),
        "fragments that double": "{ ...F0 } " + " ".join(fragments)
        + " fragment F180 on Query { serverInfo { mode } }",
        "fragments in a circle": "{ ...F0 } " + " ".join(fragments)
        + " fragment F180 on Query { ...F0 }",
        "depth": "{ a" * 100_000,
        "depth of lists": "{ quotes(symbols: " + "[" * 100_000,
        "depth of types": "query($a: " + "[" * 100_000,
        "misspelt fields": "{ " + " ".join(f"serverInf{n}" for n in range(1_990)) + " }",
        "misspelt arguments": "{ bars(" + " ".join(f"symbo{n}: 1" for n in range(660))
        + ") { symbol } }",
        "variables": "query(" + " ".join(f"$v{n}: Perio" for n in range(490)) + ") { __typename }",
        "directives": "{ __typename " + "@skip(if: false) " * 330 + "}",
        "comments": "#" * 250_000 + "\n{ __typename }",
        "a long name": "{ " + "a" * 250_000 + " }",
        "a long text": '{ sector(name: "' + "\\u4e2d" * 40_000 + '") { name } }',
        "a block of text": '{ sector(name: """' + "\n " * 120_000 + '""") { name } }',
    }  # fmt: skip
