"""The URLs of the REST documents: parameters in, JSON out; no decisions.

Operations call `gateway.services`, as resolvers of `gateway.schema` do. `catalogue` lists them, `operations` has
what they consist of, and `openapi` describes them to clients. Each system has a module with its words, such as
`interactly`. `gateway.web` serves them.
"""

from gateway.rest.catalogue import OPERATIONS, SYSTEMS
from gateway.rest.openapi import print_openapi
from gateway.rest.operations import (
    BODY,
    AnyOperation,
    Failure,
    ReadOperation,
    RequestInvalid,
    RestAnswer,
    RestRequest,
    System,
    WriteOperation,
)

__all__ = [
    "BODY",
    "OPERATIONS",
    "SYSTEMS",
    "AnyOperation",
    "Failure",
    "ReadOperation",
    "RequestInvalid",
    "RestAnswer",
    "RestRequest",
    "System",
    "WriteOperation",
    "print_openapi",
]
