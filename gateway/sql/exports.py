"""Statements that read one integration whole."""
