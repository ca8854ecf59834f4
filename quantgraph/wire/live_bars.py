"""Single bars, and the events of a stream of them."""

from quantgraph.domain.live_bars import Bar, BarEvent, BarWatch
from quantgraph.v1 import bars_pb2
from quantgraph.wire.enums import PERIOD, SOURCE, STREAM_KIND
from quantgraph.wire.fields import ms_from_proto, ms_to_proto, symbol_from_proto
from quantgraph.wire.streams import state_from_proto, state_to_proto


def bar_to_proto(bar: Bar) -> bars_pb2.Bar:
    """Write one bar."""
    return bars_pb2.Bar(
        time=ms_to_proto(bar.time),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
        amount=bar.amount,
        previous_close=bar.previous_close,
        suspended=bar.suspended,
    )


def bar_from_proto(message: bars_pb2.Bar) -> Bar:
    """Read one bar."""
    return Bar(
        time=ms_from_proto(message.time, "time"),
        open=message.open if message.HasField("open") else None,
        high=message.high if message.HasField("high") else None,
        low=message.low if message.HasField("low") else None,
        close=message.close if message.HasField("close") else None,
        volume=message.volume if message.HasField("volume") else None,
        amount=message.amount if message.HasField("amount") else None,
        previous_close=message.previous_close if message.HasField("previous_close") else None,
        suspended=message.suspended if message.HasField("suspended") else None,
    )


def watch_to_proto(watch: BarWatch) -> bars_pb2.WatchBarsRequest:
    """Write what to follow."""
    return bars_pb2.WatchBarsRequest(symbol=watch.symbol, period=PERIOD.to_proto(watch.period))


def watch_from_proto(message: bars_pb2.WatchBarsRequest) -> BarWatch:
    """Read what to follow."""
    symbol = symbol_from_proto(message.symbol, "symbol")
    return BarWatch(symbol, PERIOD.from_proto(message.period, "period"))


def event_to_proto(event: BarEvent) -> bars_pb2.BarEvent:
    """Write one item of a stream of bars."""
    source = event.data_source
    return bars_pb2.BarEvent(
        kind=STREAM_KIND.to_proto(event.kind),
        epoch=event.epoch,
        symbol=event.symbol,
        period=PERIOD.to_proto(event.period),
        bar=None if event.bar is None else bar_to_proto(event.bar),
        final=event.final,
        data_source=None if source is None else SOURCE.to_proto(source),
        sequence=event.sequence,
        previous_sequence=event.previous_sequence,
        conflated_count=event.conflated_count,
        source=None if event.source is None else state_to_proto(event.source),
    )


def event_from_proto(message: bars_pb2.BarEvent) -> BarEvent:
    """Read one item of a stream of bars."""
    sourced = message.HasField("data_source")
    before = message.HasField("previous_sequence")
    return BarEvent(
        kind=STREAM_KIND.from_proto(message.kind, "kind"),
        epoch=message.epoch,
        symbol=message.symbol,
        period=PERIOD.from_proto(message.period, "period"),
        bar=bar_from_proto(message.bar) if message.HasField("bar") else None,
        final=message.final if message.HasField("final") else None,
        data_source=SOURCE.from_proto(message.data_source, "data_source") if sourced else None,
        sequence=message.sequence if message.HasField("sequence") else None,
        previous_sequence=message.previous_sequence if before else None,
        conflated_count=message.conflated_count if message.HasField("conflated_count") else None,
        source=state_from_proto(message.source) if message.HasField("source") else None,
    )
