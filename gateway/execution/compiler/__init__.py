"""Compiles the selection below a root field into Python functions."""

from gateway.execution.compiler.chunked_output import encode_json
from gateway.execution.compiler.plan import Plan

__all__ = ["Plan", "encode_json"]
