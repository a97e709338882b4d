"""How fast one process may call: not limited, until the service throttles or ``max_qps`` says so."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

_DECREASE = 0.7
_INCREASE_SHARE = 0.1
_LEAST_QPS = 1.0
_UNLIMITED_QPS = 1000.0
_WINDOW_S = 1.0


class Pacer:
    """Spaces the calls of all threads: additive increase, multiplicative decrease (AIMD).

    The first throttling sets the rate to 0.7 times the successful calls of the last second, each later one to 0.7 times
    the rate; in every second of success it grows again by a tenth of what it was before, at least by one call. Above
    1000 calls a second there is no limit any more, but for *max_qps*. *monotonic* and *sleep* count in seconds.
    """

    def __init__(self, max_qps: float | None, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.throttled = 0
        self._max_qps = max_qps
        self._qps = max_qps
        self._step_qps = 1.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = 0.0
        self._round = 0
        self._slowed = False
        self._successes: deque[float] = deque(maxlen=1024)
        self._lock = threading.Lock()

    @property
    def qps(self) -> float | None:
        """The calls a second that are allowed now; None when there is no limit."""
        return self._qps

    def wait(self) -> int:
        """Wait for this call's turn; give a ticket for `slow_down`."""
        while True:
            round_, pause = self._reserve()
            if pause > 0:
                self._sleep(pause)
            # After a throttling the turns that were given out before it came too soon.
            if pause <= 0 or round_ == self._round:
                return round_

    def succeeded(self) -> None:
        """Note an answer that was not throttling."""
        with self._lock:
            self._successes.append(self._monotonic())
            if self._qps is not None and self._slowed:
                self._speed_up(self._qps)

    def slow_down(self, ticket: int, retry_after_s: float = 0.0) -> None:
        """Note a throttling: slow everyone down, and let nobody call for *retry_after_s*.

        Of the calls that were under way together only the first one counts, or 128 answers would end in a standstill.
        """
        with self._lock:
            self.throttled += 1
            if ticket != self._round:
                return
            self._round += 1
            now = self._monotonic()
            before = self._qps if self._qps is not None and self._slowed else self._measured(now)
            self._slowed = True
            self._step_qps = max(1.0, before * _INCREASE_SHARE)
            self._qps = max(_LEAST_QPS, before * _DECREASE)
            if self._max_qps is not None:
                self._qps = min(self._qps, self._max_qps)
            self._next = now + max(retry_after_s, 1 / self._qps)

    def _reserve(self) -> tuple[int, float]:
        with self._lock:
            if self._qps is None:
                return self._round, 0.0
            now = self._monotonic()
            turn = max(now, self._next)
            self._next = turn + 1 / self._qps
            return self._round, turn - now

    def _measured(self, now: float) -> float:
        return sum(moment > now - _WINDOW_S for moment in self._successes) / _WINDOW_S

    def _speed_up(self, qps: float) -> None:
        faster = qps + self._step_qps / qps
        if self._max_qps is not None:
            self._qps = min(faster, self._max_qps)
        elif faster > _UNLIMITED_QPS:
            self._qps = None
            self._slowed = False
        else:
            self._qps = faster
