"""Tokens are counted as graphql-core's lexer counts them, and never more of them."""

from graphql import GraphQLSyntaxError
from graphql.language import Lexer, Source, TokenKind
from hypothesis import given, settings
from hypothesis import strategies as st

from api.tokens import too_many
from tests.api.hostile import hostile, largest

PIECES = [
    "name", "_", "{", "}", "(", ")", "[", "]", ":", "=", "@", "$", "!", "&", "|", "...", "..",
    "1", "-2", "3.5", "1e3", "1.2.3", "a1", "1a", '"text"', '""', '"\\""', '"\\u4e2d"', '"""',
    '"""block "quoted" text"""', '"""\\""" escaped"""', '"open', "# comment { }\n", "#", ",",
    " ", "\n", "\t", "\ufeff", "中", "-", "\\", "\r",
]  # fmt: skip


def lexed(text) -> tuple[int, bool]:
    """How many tokens the lexer finds before the end or a fault, and whether it found one."""
    lexer, count = Lexer(Source(text)), 0
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            count += 1
    except GraphQLSyntaxError:
        return count, True
    return count, False


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.integers(0, 45))
def test_what_is_counted_is_there(text, most):
    count, faulty = lexed(text)
    if not faulty:
        assert too_many(text, most) is (count > most and len(text) > most)


def test_the_largest_allowed_document_is_let_through():
    assert not too_many(largest(), 2_000)
    assert too_many(largest(), lexed(largest())[0] - 1)


def test_floods_are_found_without_the_lexer():
    found = hostile()
    assert too_many(found["tokens"], 2_000)
    assert too_many(found["conflicting aliases"], 2_000)
    assert not too_many(found["a long text"], 2_000)
    assert not too_many(found["comments"], 2_000)
