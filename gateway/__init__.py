"""The integrations gateway: a GraphQL server for the integrations of a clinic platform."""

__version__ = "0.1.0"
