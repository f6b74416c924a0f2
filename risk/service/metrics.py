"""Counts and waits in the text form that Prometheus reads (exposition format 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Metrics"]

_BOUNDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass
class Metrics:
    """Requests by status, items scored, models swapped, and how long requests took.

    >>> m = Metrics(); m.seen(200, 0.004, items=2); m.text("ga2m-1").splitlines()[1]
    'risk_requests_total{status="200"} 1'
    """

    statuses: Counter = field(default_factory=Counter)
    items: int = 0
    swaps: int = 0
    total: float = 0.0
    waits: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS) + 1))

    def seen(self, status: int, seconds: float, *, items: int = 0) -> None:
        """Count one request."""
        self.statuses[status] += 1
        self.items += items
        self.total += seconds
        self.waits[bisect_left(_BOUNDS, seconds)] += 1

    def text(self, model_id: str) -> str:
        """Everything counted so far."""
        lines = ["# TYPE risk_requests_total counter"]
        lines += [f'risk_requests_total{{status="{s}"}} {n}' for s, n in sorted(self.statuses.items())]
        lines += [
            "# TYPE risk_items_total counter",
            f"risk_items_total {self.items}",
            "# TYPE risk_model_swaps_total counter",
            f"risk_model_swaps_total {self.swaps}",
            "# TYPE risk_model_info gauge",
            f'risk_model_info{{model_id="{model_id}"}} 1',
            "# TYPE risk_request_seconds histogram",
        ]
        below = 0
        for bound, n in zip([*map(str, _BOUNDS), "+Inf"], self.waits, strict=True):
            below += n
            lines.append(f'risk_request_seconds_bucket{{le="{bound}"}} {below}')
        lines += [f"risk_request_seconds_sum {self.total:.6f}", f"risk_request_seconds_count {below}"]
        return "\n".join(lines) + "\n"
