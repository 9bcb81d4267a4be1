"""Documents taken in."""
