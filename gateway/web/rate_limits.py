"""What a key has left, in the words of draft-ietf-httpapi-ratelimit-headers-11."""

from math import ceil

from gateway import services
from gateway.settings import Settings
from gateway.web.refusals import Header

_REPORT = b"report"


class RateLimitHeaders:
    """The headers by which each answer tells what is left.

    `q` and `r` are units of cost, of which the policy is named; `w` and `t` are seconds until all is there again,
    of all that can be spent and of what was.
    """

    def __init__(self, settings: Settings) -> None:
        seconds = ceil(settings.rate_limit / settings.rate_refill)
        self._policy: Header = (b"ratelimit-policy", b'"cost";q=%d;w=%d' % (settings.rate_limit, seconds))

    def get_headers(self, bucket: services.rate_limits.TokenBucket) -> tuple[Header, Header]:
        left = bucket.remaining
        seconds = -((left - bucket.size) // bucket.refill)  # rounded up
        return self._policy, (b"ratelimit", b'"cost";r=%d;t=%d' % (left, seconds))


def is_cost_requested(header: bytes | None) -> bool:
    """Whether `GraphQL-Cost` asks for `extensions.cost`."""
    return header is not None and header.strip().lower() == _REPORT
