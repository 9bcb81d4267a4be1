"""Serves the columns peer."""

from tests.benchmarks.peers.columns.app import create_app
from tests.benchmarks.peers.serving import serve

serve(create_app)
