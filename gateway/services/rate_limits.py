"""Rate limits of API keys: a token bucket for each key, in the memory of each process."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from gateway.domain.viewer import Viewer
from gateway.errors import RateLimited

_MAX_BUCKETS = 10_000
"""The maximum number of buckets in memory.

A key whose bucket was dropped gets a full one. Most dropped buckets were full again, because their keys were idle.
"""


class TokenBucket:
    """The remaining units of a key. The bucket holds `size` units and gains `refill` units a second.

    Methods use the units as of the last `fill`.
    """

    __slots__ = ("_remaining", "_updated_at", "refill", "size")

    def __init__(self, size: int, refill: int, at: float) -> None:
        self.size, self.refill = size, refill
        self._remaining, self._updated_at = float(size), at

    @property
    def remaining(self) -> int:
        """The whole units that remain; 0 if the key owes units."""
        return max(0, int(self._remaining))

    @property
    def seconds_to_full(self) -> float:
        return (self.size - self._remaining) / self.refill

    def fill(self, now: float) -> None:
        """Add the units for the time since the last call. `now` is in seconds of the clock of `TokenBuckets`."""
        self._remaining = min(self.size, self._remaining + (now - self._updated_at) * self.refill)
        self._updated_at = now

    def check(self) -> None:
        """Raise RateLimited if less than one unit remains."""
        if self._remaining < 1:
            raise RateLimited((1 - self._remaining) / self.refill)

    def spend(self, units: int) -> None:
        """Subtract these units. Raises RateLimited, and subtracts nothing, if fewer remain."""
        if self._remaining < units:
            raise RateLimited((units - self._remaining) / self.refill)
        self._remaining -= units

    def charge(self, units: int) -> None:
        """Subtract these units even if fewer remain: for work that precedes the check of its cost."""
        self._remaining -= units


class TokenBuckets:
    """The buckets of the keys that were used last. `clock` returns seconds."""

    def __init__(self, size: int, refill: int, clock: Callable[[], float] = monotonic) -> None:
        self._size, self._refill, self._clock = size, refill, clock
        self._buckets: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()

    def get_bucket(self, viewer: Viewer) -> TokenBucket:
        """Return the bucket of the viewer's key, filled up to now."""
        key, now = (viewer.team_id, viewer.key_id), self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._size, self._refill, now)
            if len(self._buckets) > _MAX_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            bucket.fill(now)
            self._buckets.move_to_end(key)
        return bucket
