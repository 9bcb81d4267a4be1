"""Values of custom scalars for schemathesis."""

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

schemathesis.graphql.scalar("JSON", st.text(max_size=20).map(nodes.String) | st.integers(-9, 9).map(nodes.Int))
