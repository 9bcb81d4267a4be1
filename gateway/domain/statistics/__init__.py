"""Statistics: the catalogue of dashboards, and counts of records by local days.

`catalogue` has the dashboards and their results, `day_counts` the counts, `day_blocks` the blocks of days that
store them, and `verification` the comparison of stored counts with the records.
"""

from gateway.domain.statistics import day_blocks
from gateway.domain.statistics.catalogue import (
    APPOINTMENT_STATISTICS,
    AS_OF,
    OVERVIEW,
    PATIENT_STATISTICS,
    STATISTICS,
    STATISTICS_COLUMNS,
    TRENDS,
    BucketPage,
    Dashboard,
    DashboardCounts,
    DashboardPart,
    Overview,
    Statistics,
    StatisticsBucket,
    StatisticsFilter,
    StatusCounts,
    Trend,
    get_previous_period,
)
from gateway.domain.statistics.day_blocks import LARGEST_BLOCK_SIZE, LAST_DAY
from gateway.domain.statistics.day_counts import (
    ALL,
    COUNTED_COLUMNS,
    COUNTED_STATUSES,
    BlockCounts,
    DayCounts,
    Series,
    SeriesCounts,
    get_counted_values,
)
from gateway.domain.statistics.verification import (
    CountDifference,
    TypeDifference,
    VerificationPosition,
    VerificationScope,
)

__all__ = [
    "ALL",
    "APPOINTMENT_STATISTICS",
    "AS_OF",
    "COUNTED_COLUMNS",
    "COUNTED_STATUSES",
    "LARGEST_BLOCK_SIZE",
    "LAST_DAY",
    "OVERVIEW",
    "PATIENT_STATISTICS",
    "STATISTICS",
    "STATISTICS_COLUMNS",
    "TRENDS",
    "BlockCounts",
    "BucketPage",
    "CountDifference",
    "Dashboard",
    "DashboardCounts",
    "DashboardPart",
    "DayCounts",
    "Overview",
    "Series",
    "SeriesCounts",
    "Statistics",
    "StatisticsBucket",
    "StatisticsFilter",
    "StatusCounts",
    "Trend",
    "TypeDifference",
    "VerificationPosition",
    "VerificationScope",
    "day_blocks",
    "get_counted_values",
    "get_previous_period",
]
