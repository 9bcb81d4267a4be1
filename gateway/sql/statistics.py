"""Statements that count appointments."""
