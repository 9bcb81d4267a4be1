"""Use-case groups."""
