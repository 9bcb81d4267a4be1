"""The header with the idempotency key of a request, and the header of an answer that repeats an earlier one."""

import re
from collections.abc import Mapping

from gateway import services
from gateway.telemetry import current_request
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.refusals import Header, HTTPRefusal

REPLAYED: Header = (b"idempotent-replayed", b"true")
"""Tells that at least one mutation of the request was done before."""

_KEY = re.compile(rb"[!-~]{1,255}")


def read_idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the idempotency key of a request, or None. Raises HTTPRefusal if it has another form."""
    key = headers.get(b"idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise HTTPRefusal(
            GraphQLErrorCode.BAD_REQUEST,
            "`Idempotency-Key` is not valid; send 1 to 255 visible ASCII characters without spaces, such as a "
            "random UUID.",
        )
    return key.decode()


def record_replays(keyed: services.idempotency.KeyedRequest | None) -> None:
    """Add the number of replays to the record of the request, from which the header and the metric follow."""
    if keyed is not None:
        current_request.get().replays = keyed.replays
