"""Statements over resource records."""
