"""Response data as bytes."""

from msgspec.json import Encoder

_ENCODER = Encoder()


def encode_json(content: object) -> bytes:
    """JSON of response data, which may hold what was decoded of documents, and ready JSON as `msgspec.Raw`."""
    return _ENCODER.encode(content)
