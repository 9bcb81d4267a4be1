"""Responses to requests of REST: answers, and refusals in the words of the system."""

from gateway.errors import Refused
from gateway.rest import AnyOperation, Failure, RequestInvalid, RestAnswer, System
from gateway.telemetry import current_request
from gateway.web.error_codes import GraphQLErrorCode
from gateway.web.negotiation import MediaType
from gateway.web.refusals import Header, HTTPRefusal, drop_tracebacks
from gateway.web.responses import NO_STORE, HTTPResponse


def build_response(answer: RestAnswer) -> HTTPResponse:
    """Return the response with an answer that has no parts."""
    assert isinstance(answer.body, bytes)  # noqa: S101 (only exports have parts)
    length = (b"content-length", b"%d" % len(answer.body))
    return HTTPResponse(answer.status, [*build_headers(answer), length], answer.body)


def build_headers(answer: RestAnswer) -> list[Header]:
    """Return the headers of an answer, without its length."""
    return [(b"content-type", answer.content_type), NO_STORE, *answer.headers]


def refuse(operation: AnyOperation, error: Refused | RequestInvalid) -> HTTPResponse:
    """Return the response to wrong parameters or refused work in the words of a system, and record the codes."""
    if isinstance(error, RequestInvalid):
        answer, names = error.answer, ["BAD_USER_INPUT"]
    else:
        answer = operation.system.describe_refusal(operation, error)
        names = [problem.code.name for problem in error.problems]
    codes = (GraphQLErrorCode.__members__.get(name, GraphQLErrorCode.BAD_USER_INPUT).name for name in names)
    current_request.get().error_codes = tuple(codes)
    drop_tracebacks(error)
    return build_response(answer)


def build_refusal_response(system: System, refusal: HTTPRefusal, _media_type: MediaType) -> HTTPResponse:
    """Return the response to a refused request in the words of a system, and record its code."""
    record = current_request.get()
    record.error_codes, record.rejection_reason = (refusal.code.name,), refusal.rejection_reason
    headers = [*refusal.headers]
    seconds = dict(headers).get(b"retry-after")
    status = refusal.status or refusal.code.value.status
    failure = Failure(status, refusal.code.name, str(refusal), None if seconds is None else int(seconds))
    response = build_response(system.describe_failure(failure))
    response.headers.extend(headers)
    return response
