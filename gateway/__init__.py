"""The integrations gateway: a clinic platform's integrations as one graph."""

from importlib.metadata import version

__version__ = version("integrations-gateway")
