"""The hand-written scan of the floors for the dashboard: one statement over its own index.

The index has all counted columns in the order of time, so that a local day is a range of it. Each day is counted
from its range, which is cheaper than to compute the day of each row and to sort or hash it. The overview is the
sum of the days. The four breakdowns are grouped over all rows, on PostgreSQL by grouping sets in one pass.
"""

from gateway.domain.statistics.catalogue import APPOINTMENT_STATISTICS
from tests.benchmarks.documents import TEAM

INDEX = "floor_dashboard"

BREAKDOWNS = {breakdown.field: breakdown.column for breakdown in APPOINTMENT_STATISTICS.breakdowns}
COLUMNS = [*BREAKDOWNS.values()]

_COUNTED = "booking_status > ''"
"""True of all appointments. Only statements with this condition can use the index, so the gateway cannot."""

CREATE_INDEX = f"""
CREATE INDEX {INDEX} ON resource_record (
  team_id, integration_id, type, created_at, booking_status, appointment_type, {", ".join(COLUMNS)}
) WHERE {_COUNTED}
"""

MATCHING = f"team_id = '{TEAM}' AND type = 'appointments' AND {_COUNTED}"
