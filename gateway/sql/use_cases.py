"""Statements over use cases."""
