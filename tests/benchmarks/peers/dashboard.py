"""The hand-written scan: how the floors answer the dashboard, in one statement over an index of its own.

The index holds what is counted in the order of time, so that a local day is a range of it. Each day is counted
from its range, which was measured to be cheaper than to ask each row for its day and to sort or hash that; the
overview is the sum of the days. The four breakdowns are grouped over all rows, on PostgreSQL by grouping sets in
one pass.
"""

from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS
from tests.benchmarks.documents import TEAM

INDEX = "floor_dashboard"

BREAKDOWNS = {breakdown.field: breakdown.column for breakdown in APPOINTMENT_STATISTICS.breakdowns}
COLUMNS = [*BREAKDOWNS.values()]

_COUNTED = "booking_status > ''"
"""True of all appointments. Only statements that say so can use the index: it is the floor's alone."""

INDEXED = f"""
CREATE INDEX {INDEX} ON resource_record (
  team_id, integration_id, type, created_at, booking_status, appointment_type, {", ".join(COLUMNS)}
) WHERE {_COUNTED}
"""

MATCHING = f"team_id = '{TEAM}' AND type = 'appointments' AND {_COUNTED}"
