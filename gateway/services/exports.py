"""One integration with all that hangs below it."""
