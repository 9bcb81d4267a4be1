"""Answer HTTP: authenticate and limit requests, run GraphQL operations, serve sessions and pages."""

from gateway.web.app import create_app
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.health import Health
from gateway.web.negotiation import MediaType
from gateway.web.refusals import CLOSE_CONNECTION, HTTPRefusal
from gateway.web.responses import build_refusal_response, with_request_id
from gateway.web.trusted_documents import load_trusted_documents

__all__ = [
    "CLOSE_CONNECTION",
    "GraphQLErrorCode",
    "HTTPRefusal",
    "Health",
    "MediaType",
    "build_refusal_response",
    "create_app",
    "load_trusted_documents",
    "with_request_id",
]
