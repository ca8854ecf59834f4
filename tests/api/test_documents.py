"""Documents are measured before they cost anything, and prepared once."""

import threading

import pytest
from graphql import OperationType, validate
from hypothesis import given
from hypothesis import strategies as st

from api.documents import DocumentRefused, Documents
from quantgraph.config import LimitsConfig
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from resolvers.root import graphql_schema

SCHEMA = graphql_schema._schema


@pytest.fixture
def documents() -> Documents:
    return Documents(SCHEMA, LimitsConfig())


async def refusal(documents: Documents, text: str, name: str | None = None) -> Reason:
    with pytest.raises((DocumentRefused, InvalidRequest)) as caught:
        await documents.operation(text, name)
    return caught.value.reason


async def test_a_document_is_prepared_once(documents):
    first = await documents.operation("{ sectors { name } }", None)
    assert await documents.operation("{ sectors { name } }", None) is first
    assert first.type is OperationType.QUERY
    assert first.root_fields == ("sectors",)


async def test_the_cache_is_bounded(documents):
    for number in range(600):
        await documents.operation(f"query Q{number} {{ sectors {{ name }} }}", None)
    assert len(documents._known) == 512


async def test_long_documents_leave_room_for_fewer(documents):
    for number in range(60):
        text = f"query Q{number} {{ sectors {{ name }} }} #{'x' * 10_000}"
        await documents.operation(text, None)
    assert sum(map(len, documents._known)) < 260_000
    assert (await documents.operation(text, None)).size == len(text)


async def test_root_fields_are_found_through_fragments_and_aliases(documents):
    text = "{ a: sectors { name } ...F } fragment F on Query { ... { accounts { id } } }"
    assert (await documents.operation(text, None)).root_fields == ("sectors", "accounts")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", Reason.GRAPHQL_PARSE_FAILED),
        ("{ nothing }", Reason.GRAPHQL_VALIDATION_FAILED),
        ("{ ...F } fragment F on Query { ...F }", Reason.GRAPHQL_VALIDATION_FAILED),
        ("{ " + "sectors { name } " * 800 + "}", Reason.QUERY_TOO_LARGE),
        ("{ " + "sector { " * 900 + "}" * 900 + "}", Reason.QUERY_TOO_LARGE),
        ("{ " + "a { " * 12 + "b" + " }" * 13, Reason.QUERY_TOO_LARGE),
        (
            "{ " + " ".join(f"a{n}: sectors {{ name }}" for n in range(31)) + " }",
            Reason.QUERY_TOO_LARGE,
        ),
        ("{ " + "serverInfo { mode } " * 480 + "}", Reason.QUERY_TOO_LARGE),
        ("{ serverInfo { " + "clock { now } " * 480 + "} }", Reason.QUERY_TOO_LARGE),
        ("{ " + "__typename " * 1990 + "}", Reason.QUERY_TOO_LARGE),
        (
            "{ " + "...F " * 21 + "} fragment F on Query { sectors { name } }",
            Reason.QUERY_TOO_LARGE,
        ),
        ("fragment F on Query { sectors { name } }", Reason.GRAPHQL_VALIDATION_FAILED),
    ],
)
async def test_a_bad_document_is_refused_with_its_reason(documents, text, reason):
    assert await refusal(documents, text) is reason


async def test_an_alias_that_every_row_would_repeat_is_refused(documents):
    text = '{ bars(symbol: "600519.SH") { rows { %s: close } } }'
    assert await refusal(documents, text % ("x" * 101)) is Reason.QUERY_TOO_LARGE
    assert await documents.operation(text % ("x" * 100), None)


async def test_fragments_that_multiply_are_refused_before_validation(documents):
    parts = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30)]
    text = "{ ...F0 } " + " ".join(parts) + " fragment F30 on Query { sectors { name } }"
    assert await refusal(documents, text) is Reason.QUERY_TOO_LARGE


async def test_the_operation_is_chosen_by_name(documents):
    text = "query A { sectors { name } } query B { accounts { id } }"
    assert (await documents.operation(text, "B")).root_fields == ("accounts",)
    assert await refusal(documents, text) is Reason.BAD_REQUEST
    assert await refusal(documents, text, "C") is Reason.BAD_REQUEST


async def test_introspection_is_not_too_deep(documents):
    from graphql import get_introspection_query

    found = await documents.operation(get_introspection_query(), None)
    assert found.root_fields == ("__schema",)


@given(st.text(alphabet='{}()[]:!$@"#, \nabcF.|&=0-9\\', max_size=80))
async def test_no_text_is_answered_with_anything_but_a_refusal(text):
    try:
        await Documents(SCHEMA, LimitsConfig()).operation(text, None)
    except (DocumentRefused, InvalidRequest) as refused:
        assert refused.reason


async def test_a_long_document_is_validated_off_the_event_loop(documents, monkeypatch):
    threads = []

    def watched(*arguments, **options):
        threads.append(threading.current_thread())
        return validate(*arguments, **options)

    monkeypatch.setattr("api.documents.validate", watched)
    await documents.operation("{ sectors { name } }", None)
    await documents.operation("{ sectors { name } }" + " " * 300, None)
    assert threads[0] is threading.main_thread()
    assert threads[1] is not threading.main_thread()


async def test_a_document_says_whether_its_conditions_are_variables(documents):
    fixed = await documents.operation("{ sectors { name @skip(if: true) } }", None)
    asked = await documents.operation(
        "query($a: Boolean!) { sectors { name @skip(if: $a) } }", None
    )
    assert (fixed.conditional, asked.conditional) == (False, True)
