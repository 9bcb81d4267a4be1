"""The dashboard of appointments as CSV, of which a request selects one part or all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, cast

from pydantic import BeforeValidator, ConfigDict, GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from gateway import services
from gateway.database import Reader
from gateway.domain.calendar import days, instants, timezones
from gateway.domain.enums import AppointmentType, StatisticsDateField, TrendPeriod
from gateway.domain.statistics import (
    APPOINTMENT_STATISTICS,
    OVERVIEW,
    TRENDS,
    Dashboard,
    Overview,
    StatisticsBucket,
    Trend,
    get_previous_period,
)
from gateway.domain.viewer import Viewer
from gateway.errors import Refused
from gateway.rest.csv_tables import Row, print_tables
from gateway.rest.details import PlainText
from gateway.rest.operations import DescribedModel, RestAnswer
from gateway.rest.statistics import SEARCH_COST, Instant

_ALL_VALUES = 2**31 - 1
"""A page of a breakdown that has all values."""

_PARTS = {
    "overview": OVERVIEW,
    "days": TRENDS,
    **{breakdown.field: breakdown.column for breakdown in APPOINTMENT_STATISTICS.breakdowns},
}
"""The part of a dashboard that each table shows, by the name of the table."""

_WHOLE = "all"

_BASE_COST = 401
_TABLE_COSTS = {"overview": 31, "days": 210}
_BREAKDOWN_COST = 110
_VALUE_COST = 10
"""Cost of each value of a filter."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)
"""Characters of an id that not every file system or header allows. An id is ASCII."""


@dataclass(frozen=True, slots=True)
class _OneOf:
    """Metadata of a text that is one of these words."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.literal_schema([*self.words])


def _require_day(value: object) -> object:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    raise PydanticCustomError("date_parsing", "Input should be a day such as 2026-11-30")


Day = Annotated[date, BeforeValidator(_require_day)]


CSV_HEADERS = {"Content-Disposition": "A name for the file, of the id, the part and the days."}


class StatisticsCsvParameters(DescribedModel):
    """The integration, the part of its dashboard, and the appointments to count."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")

    integration_id: PlainText
    """Id of the connected integration."""
    part: Annotated[str, _OneOf((_WHOLE, *_PARTS))] = _WHOLE
    """The table to return. `all` returns all tables below each other."""
    by: Annotated[str, _OneOf((*TrendPeriod.__members__,))] = TrendPeriod.DAY.name
    """Period of each row of `days`. Its first local day is in the column `day`."""
    appointment_type: Annotated[str, _OneOf((*AppointmentType.__members__,))] | None = None
    """Count appointments of this type only; all of them if absent."""
    source: tuple[PlainText, ...] | None = None
    """Count appointments with one of these sources only, as the table `source` shows them."""
    utm_source: tuple[PlainText, ...] | None = None
    """Count appointments with one of these UTM sources only, as the table `utmSource` shows them."""
    utm_medium: tuple[PlainText, ...] | None = None
    """Count appointments with one of these UTM media only, as the table `utmMedium` shows them."""
    utm_campaign: tuple[PlainText, ...] | None = None
    """Count appointments with one of these UTM campaigns only, as the table `utmCampaign` shows them."""
    days: int | None = None
    """Count this number of whole days before today, instead of the other bounds."""
    first_day: Day | None = None
    """First day to count."""
    last_day: Day | None = None
    """Last day to count."""
    start: Instant | None = None
    """Count appointments at this instant or later. Without a zone it is in UTC."""
    end: Instant | None = None
    """Count appointments before this instant. Without a zone it is in UTC."""
    timezone: PlainText | None = None
    """IANA name of the time zone of all days; that of the integration if absent."""
    date_field: Annotated[str, _OneOf((*StatisticsDateField.__members__,))] = StatisticsDateField.CREATED_AT.name
    """Time of an appointment that bounds and days refer to."""
    fill_gaps: bool = False
    """Whether `days` also has the days without appointments."""
    bom: bool = False
    """Whether the text begins with a byte order mark. Excel needs it to read other letters than ASCII."""


class SearchParameters(StatisticsCsvParameters):
    """The same parameters as in the URL, and a search, which must not be in a URL."""

    search: PlainText | None = None
    """Words that must all occur in the record, in any case. It needs READ_RECORDS."""


class PostedParameters(DescribedModel):
    """A body with the parameters."""

    body: SearchParameters
    """The parameters. Null is as good as absent, where a parameter has no default."""


def compute_csv_cost(parameters: StatisticsCsvParameters) -> int:
    """Return the cost of a query for the same tables, of which `part` selects one or all."""
    tables = sum(_TABLE_COSTS.get(table, _BREAKDOWN_COST) for table in _list_tables(parameters))
    arguments = parameters.model_dump(mode="json", by_alias=True)
    search = 0 if arguments.get("search") is None else SEARCH_COST
    values = _VALUE_COST * sum(len(arguments[each.field] or ()) for each in APPOINTMENT_STATISTICS.breakdowns)
    further = services.dashboard_costs.compute_arguments_cost(APPOINTMENT_STATISTICS, arguments)
    return _BASE_COST + tables + search + values + further


def compute_posted_csv_cost(parameters: PostedParameters) -> int:
    return compute_csv_cost(parameters.body)


async def answer_statistics_csv(
    reader: Reader, viewer: Viewer, parameters: StatisticsCsvParameters, search: str | None = None
) -> RestAnswer:
    """Return one table, or all tables below each other."""
    dashboard = await services.statistics.get_dashboard(
        reader, viewer, APPOINTMENT_STATISTICS, parameters.integration_id, _build_arguments(parameters, search)
    )
    tables = await _read_tables(reader, viewer, dashboard, parameters)
    is_whole = parameters.part == _WHOLE
    disposition = f'attachment; filename="{_build_file_name(dashboard, parameters.part)}"'
    return RestAnswer(
        print_tables(tables, has_names=is_whole, bom=parameters.bom),
        headers=[(b"content-disposition", disposition.encode())],
        content_type=b"text/csv; charset=utf-8; header=" + (b"absent" if is_whole else b"present"),
    )


async def answer_posted_csv(reader: Reader, viewer: Viewer, parameters: PostedParameters) -> RestAnswer:
    """Return one table, or all tables below each other, of the appointments that a search finds."""
    return await answer_statistics_csv(reader, viewer, parameters.body, parameters.body.search)


def _list_tables(parameters: StatisticsCsvParameters) -> Sequence[str]:
    return [*_PARTS] if parameters.part == _WHOLE else [parameters.part]


def _build_arguments(
    parameters: StatisticsCsvParameters, search: str | None
) -> services.statistics.DashboardArguments:
    type_ = parameters.appointment_type
    return services.statistics.DashboardArguments(
        size=_ALL_VALUES,
        search=search,
        start=parameters.start,
        end=parameters.end,
        days=parameters.days,
        first_day=parameters.first_day,
        last_day=parameters.last_day,
        timezone=parameters.timezone,
        date_field=StatisticsDateField[parameters.date_field],
        fill_gaps=parameters.fill_gaps,
        appointment_type=None if type_ is None else AppointmentType[type_],
        source=parameters.source,
        utm_source=parameters.utm_source,
        utm_medium=parameters.utm_medium,
        utm_campaign=parameters.utm_campaign,
    )


async def _read_tables(
    reader: Reader, viewer: Viewer, dashboard: Dashboard, parameters: StatisticsCsvParameters
) -> Mapping[str, Sequence[Row]]:
    """Return the selected tables by their names, each with its header."""
    names = _list_tables(parameters)
    keys = [(dashboard, _PARTS[name]) for name in names]
    previous = get_previous_period(dashboard)
    if previous is not None and "overview" in names:
        keys.append((previous, OVERVIEW))
    found = await services.statistics.get_parts(reader, viewer, keys)
    for value in found.values():
        if isinstance(value, Refused):
            raise value
    tables: dict[str, Sequence[Row]] = {}
    for name, (_, part) in zip(names, keys, strict=False):
        match name:
            case "overview":
                overviews = [(each, cast("Overview", found[each, part])) for each in (dashboard, previous) if each]
                tables[name] = _build_overview_table(overviews)
            case "days":
                trends = cast("Sequence[Trend]", found[dashboard, part])
                period = TrendPeriod[parameters.by]
                tables[name] = _build_day_table(services.trends.sum_trends(trends, dashboard, period), dashboard)
            case _:
                tables[name] = _build_value_table(name, cast("Sequence[StatisticsBucket]", found[dashboard, part]))
    return tables


def _build_overview_table(overviews: Sequence[tuple[Dashboard, Overview]]) -> Sequence[Row]:
    """Return the numbers of the queried period, and of the one before if there is one."""
    rows: list[Row] = [("period", "start", "end", "timezone", "total", "successful", "failed", "pending")]
    for period, (dashboard, each) in zip(("queried", "previous"), overviews, strict=False):
        bounds = (_format_bound(dashboard.filter.start), _format_bound(dashboard.filter.end))
        rows.append((period, *bounds, dashboard.timezone, each.total, each.successful, each.failed, each.pending))
    return rows


def _build_day_table(trends: Sequence[Trend], dashboard: Dashboard) -> Sequence[Row]:
    rows = [
        (each.day.isoformat(), dashboard.timezone, each.successful, each.failed, each.pending) for each in trends
    ]
    return [("day", "timezone", "successful", "failed", "pending"), *rows]


def _build_value_table(name: str, buckets: Sequence[StatisticsBucket]) -> Sequence[Row]:
    rows = [(each.value, each.count, each.successful, each.failed, each.pending) for each in buckets]
    return [(name, "count", "successful", "failed", "pending"), *rows]


def _format_bound(instant: datetime | None) -> str:
    return "" if instant is None else instants.format_instant(instant)


def _get_last_instant(end: datetime) -> datetime:
    """Return the last instant before a bound, or the bound itself if no instant is before it."""
    return end - min(instants.RESOLUTION, end - datetime.min.replace(tzinfo=UTC))


def _build_file_name(dashboard: Dashboard, part: str) -> str:
    """Return a name of the id, the part and the days. All of it is ASCII, so that the header needs no encoding."""
    zone, start, end = timezones.get_zone(dashboard.timezone), dashboard.filter.start, dashboard.filter.end
    first = "" if start is None else f"-from-{days.get_local_day(zone, start)}"
    last = "" if end is None else f"-to-{days.get_local_day(zone, _get_last_instant(end))}"
    return f"{_UNSAFE.sub('_', dashboard.integration_id)}-{part}{first}{last}.csv"
