"""What waits for one reader, and what it hears of what was not kept."""

import asyncio
from contextlib import aclosing

from quantgraph.backends.xtquant.mailbox import Mailbox


async def test_a_gap_is_told_before_what_came_later_however_fast_it_comes():
    mail: Mailbox[int] = Mailbox(asyncio.get_running_loop(), 2)
    for number in (1, 2, 3):
        mail.put(number)
    async with aclosing(mail.items()) as items:
        assert await anext(items) == 1
        # There is room again, and the reader has not come to the gap yet.
        mail.put(4)
        assert [await anext(items), await anext(items)] == [2, None]
        mail.put(5)
        assert await anext(items) == 5
