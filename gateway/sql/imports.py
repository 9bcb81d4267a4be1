"""Statements that take documents in."""
