"""What a key may spend: so many units at once, and so many more each second, in each process by itself."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from gateway.domain.viewer import Viewer
from gateway.errors import RateLimited

_MAX_BUCKETS = 10_000
"""A key that was forgotten finds its bucket full again; by then it mostly would be."""


class TokenBucket:
    """What one key has left, as of when it asked last."""

    __slots__ = ("_remaining", "_updated_at", "refill", "size")

    def __init__(self, size: int, refill: int, at: float) -> None:
        self.size, self.refill = size, refill
        self._remaining, self._updated_at = float(size), at

    @property
    def remaining(self) -> int:
        """How much may be spent."""
        return max(0, int(self._remaining))

    @property
    def seconds_to_full(self) -> float:
        return (self.size - self._remaining) / self.refill

    def fill(self, now: float) -> None:
        """Put back what was to come back until now."""
        self._remaining = min(self.size, self._remaining + (now - self._updated_at) * self.refill)
        self._updated_at = now

    def check(self) -> None:
        """Raises RateLimited where nothing is left."""
        if self._remaining < 1:
            raise RateLimited((1 - self._remaining) / self.refill)

    def spend(self, units: int) -> None:
        """Take so much out, or raise RateLimited where less is left."""
        if self._remaining < units:
            raise RateLimited((units - self._remaining) / self.refill)
        self._remaining -= units

    def charge(self, units: int) -> None:
        """Take so much out whatever is left: what has to be done before anyone knows whether it can be paid."""
        self._remaining -= units


class TokenBuckets:
    """The buckets of the keys that asked last."""

    def __init__(self, size: int, refill: int, clock: Callable[[], float] = monotonic) -> None:
        self._size, self._refill, self._clock = size, refill, clock
        self._buckets: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()

    def get_bucket(self, viewer: Viewer) -> TokenBucket:
        """The bucket of the key that somebody asks with, filled up to now."""
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
