"""Who waits for which answer to an order or a cancel: by the request's number, or by the tag."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from quantgraph.domain.errors import OrderRefused

# Answers that came before their request's number was told, and those that nobody waits for.
_EARLY = 1_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What the terminal says of a request: an order's id (-1: it says that it failed), a result.

    `refusal`: proof that an order was not taken. `name`: its broker order id, where a push told it.
    """

    order_id: int = 0
    result: int = 0
    text: str = ""
    refusal: OrderRefused | None = None
    name: str | None = None


class Replies:
    """Lives in the loop. An answer may come before its request's number, a push before both."""

    def __init__(self) -> None:
        """Wait for nothing."""
        self._numbered: dict[int, asyncio.Future[Reply]] = {}
        self._tagged: dict[str, asyncio.Future[Reply]] = {}
        self._early: OrderedDict[int, Reply] = OrderedDict()
        # All that are waited for; a cancel is known by nothing before its number is told.
        self._waiting: set[asyncio.Future[Reply]] = set()

    def expect(self, tag: str | None) -> "asyncio.Future[Reply]":
        """Return what will be the answer to an order of a tag, or to a cancel (None)."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        if tag is not None:
            self._tagged[tag] = answer
        return answer

    def waits(self, tag: str) -> bool:
        """Return whether an order of this tag is on its way; any thread may ask."""
        return tag in self._tagged

    def number(self, number: int, answer: "asyncio.Future[Reply]") -> None:
        """Say which request the answer is to; none where its session has ended meanwhile."""
        if answer.done():
            return
        early = self._early.pop(number, None)
        if early is not None:
            _settle(answer, early)
        else:
            self._numbered[number] = answer

    def answered(self, number: int, tag: str | None, reply: Reply) -> None:
        """Take the answer to a request; one with an order's tag is known by that as well."""
        answer = self._numbered.pop(number, None) or self._tagged.get(tag or "")
        if answer is not None:
            _settle(answer, reply)
            return
        self._early[number] = reply
        if len(self._early) > _EARLY:
            self._early.popitem(last=False)

    def told(self, tag: str, reply: Reply) -> None:
        """Take what a push says of an order that is on its way."""
        answer = self._tagged.get(tag)
        if answer is not None:
            _settle(answer, reply)

    def drop(self, answer: "asyncio.Future[Reply]") -> None:
        """Wait for it no more."""
        self._waiting.discard(answer)
        self._numbered = {n: each for n, each in self._numbered.items() if each is not answer}
        self._tagged = {tag: each for tag, each in self._tagged.items() if each is not answer}
        if not answer.cancel() and not answer.cancelled():
            answer.exception()

    def fail(self, error: Exception) -> None:
        """Let all who wait hear that no answer will come: numbers begin anew with a session."""
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(error)
        self._numbered.clear()
        self._tagged.clear()
        self._early.clear()


def _settle(answer: "asyncio.Future[Reply]", reply: Reply) -> None:
    if not answer.done():
        answer.set_result(reply)
