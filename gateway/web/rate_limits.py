"""The headers of rate limits, by draft-ietf-httpapi-ratelimit-headers-11."""

from math import ceil

from gateway import services
from gateway.settings import Settings
from gateway.web.refusals import Header

_REPORT = b"report"


class RateLimitHeaders:
    """Builds the headers `RateLimit-Policy` and `RateLimit` of a response.

    `q` is the budget and `r` what remains of it, in units of cost. `w` is the time in seconds that an empty budget
    takes to fill up, and `t` the time until it is full again.
    """

    def __init__(self, settings: Settings) -> None:
        seconds = ceil(settings.rate_limit / settings.rate_refill)
        self._policy: Header = (b"ratelimit-policy", b'"cost";q=%d;w=%d' % (settings.rate_limit, seconds))

    def get_headers(self, bucket: services.rate_limits.TokenBucket) -> tuple[Header, Header]:
        left = bucket.remaining
        seconds = -((left - bucket.size) // bucket.refill)  # rounded up
        return self._policy, (b"ratelimit", b'"cost";r=%d;t=%d' % (left, seconds))


def is_cost_requested(header: bytes | None) -> bool:
    """Return whether `GraphQL-Cost` requests `extensions.cost`."""
    return header is not None and header.strip().lower() == _REPORT
