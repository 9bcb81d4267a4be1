"""Resource records."""
