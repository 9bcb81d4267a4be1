"""Statements over use-case groups."""
