"""The appointments dashboard."""
