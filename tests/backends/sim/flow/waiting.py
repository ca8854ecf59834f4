"""What becomes of an order that waits on a recorded day, told from the recording alone."""

from quantgraph.domain.orders import Side

OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


def levels(frame, side):
    return frame.bids if side is Side.BUY else frame.asks


class Queue:
    """What becomes of one order that waits, from the recording alone.

    It waits behind what was displayed. Deals at its price eat what is before it, then the order;
    who leaves leaves from behind. Deals beyond its price go to the order first. `through` is true
    once somebody on the other side came to its price: then it trades with them too.
    """

    def __init__(self, order, frame):
        self.order, self.open, self.through = order, order.quantity, False
        self.sign = 1 if order.side is Side.BUY else -1
        self.ahead = self._at_price(frame)

    def take(self, frame):
        for deal in frame.deals:
            beyond = self.sign * (self.order.limit - deal.price)
            if deal.taker is self.order.side:
                self.through |= beyond >= 0
            elif beyond > 0:
                self._fill(deal.quantity)
            elif beyond == 0:
                before = min(self.ahead, deal.quantity)
                self.ahead -= before
                self._fill(deal.quantity - before)
        self.ahead = min(self.ahead, self._at_price(frame))
        rivals = levels(frame, OTHER[self.order.side])
        self.through |= any(self.sign * (self.order.limit - r.price) >= 0 for r in rivals)

    def _fill(self, quantity):
        self.open -= min(self.open, quantity)

    def _at_price(self, frame):
        waiting = levels(frame, self.order.side)
        return sum(rung.quantity for rung in waiting if rung.price == self.order.limit)
