"""The URLs of the REST documents: parameters in, JSON out; no decisions.

Operations call `gateway.services`, as resolvers of `gateway.schema` do. `catalogue` lists them, and `operations`
has what they consist of. Each system has a module with its words, such as `interactly`. `gateway.web` serves them.
"""

from gateway.rest.catalogue import OPERATIONS, SYSTEMS
from gateway.rest.operations import (
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
]
