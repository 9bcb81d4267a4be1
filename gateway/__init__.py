"""The integrations gateway: a clinic platform's integrations as one graph."""

__version__ = "0.1.0"
