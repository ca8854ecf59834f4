"""How late the gateway has been lately: percentiles of what was measured."""

from dataclasses import dataclass

# Seconds that a measurement counts for.
WINDOW_S = 300


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds of `count` measurements; None where there was none."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class ServerLatency:
    """What `serverInfo.latency` tells, of the last `window_seconds`.

    `quote_age`: of a quote when it reached the gateway, and `callback_lag`: of a report of the
    terminal when it was taken, both by the gateway's clock. `order_round_trip`: from sending an
    order until the terminal answered, `journal_commit`: from an entry until it was durable, both
    in real time.
    """

    quote_age: Latency = Latency()
    order_round_trip: Latency = Latency()
    callback_lag: Latency = Latency()
    journal_commit: Latency = Latency()
    window_seconds: int = WINDOW_S
