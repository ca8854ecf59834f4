"""Which answer is whose, and who decides whether a request was begun."""

import asyncio

import pytest

from quantgraph.backends.xtquant.claim import Claim
from quantgraph.backends.xtquant.replies import Replies, Reply


async def told(answer):
    """Return an answer; one that never comes is a failure, not a test that hangs."""
    async with asyncio.timeout(5):
        return await answer


async def test_an_answer_may_come_before_its_requests_number_is_told():
    replies = Replies()
    answer = replies.expect(None)
    replies.answered(7, None, Reply(3))
    assert not answer.done()
    replies.number(7, answer)
    assert (await told(answer)).order_id == 3


async def test_answers_that_nobody_waits_for_are_kept_in_bounds():
    replies = Replies()
    for number in range(1_001):
        replies.answered(number, None, Reply(number))
    first, last = replies.expect(None), replies.expect(None)
    replies.number(0, first)
    replies.number(1_000, last)
    assert (first.done(), (await told(last)).order_id) == (False, 1_000)


async def test_all_who_wait_hear_that_no_answer_will_come():
    replies = Replies()
    tagged, numbered = replies.expect("tag"), replies.expect(None)
    replies.number(1, numbered)
    replies.fail(ValueError("gone"))
    for answer in (tagged, numbered):
        with pytest.raises(ValueError, match="gone"):
            await told(answer)
    assert not replies.waits("tag")
    await asyncio.sleep(0)


async def test_a_cancel_whose_session_ends_before_its_number_is_told_takes_no_later_answer():
    replies = Replies()
    old = replies.expect(None)
    replies.fail(ValueError("gone"))
    replies.number(7, old)
    new = replies.expect(None)
    # The next session counts anew, and answers before the number is told.
    replies.answered(7, None, Reply(result=3))
    replies.number(7, new)
    assert (await told(new)).result == 3
    with pytest.raises(ValueError, match="gone"):
        await told(old)


def test_what_was_taken_back_is_never_begun():
    claim, done = Claim(), []
    assert claim.revoke()
    assert claim.run(lambda: done.append(1)) is None
    assert done == []


def test_what_was_begun_is_not_taken_back():
    claim = Claim()
    assert claim.run(lambda: 5) == 5
    assert not claim.revoke()
