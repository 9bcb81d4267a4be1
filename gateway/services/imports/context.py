"""What all entries of an import into one integration share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from gateway.database import Writer
from gateway.domain.documents import ImportCounts, ImportPolicy, ParentIntegration, ProblemReporter


@dataclass(frozen=True, slots=True)
class ImportContext:
    """What all entries of one integration share. The integration is locked."""

    writer: Writer
    team_id: str
    parent: ParentIntegration
    zone: ZoneInfo
    policy: ImportPolicy
    report: ProblemReporter
    tally: ImportCounts = field(default_factory=ImportCounts)
    advance: Callable[[int], None] = lambda _: None
    """Called with the length of each imported batch."""
    group_ids: Mapping[str, str] | None = None
    """The group of each use case that has one, by the `_id` of its entry; None keeps stored ones in theirs."""
