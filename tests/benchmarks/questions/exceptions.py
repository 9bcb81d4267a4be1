"""Questions that may take more CPU time than others, and more with more records."""

from collections.abc import Mapping

EXCEPTIONS: Mapping[str, str] = {
    "exports of 200 practitioners": r"^integrationExport",
    "trends in a foreign zone, which no stored counts have": r"timezone: foreign",
    "dashboards of ten clinics, with up to 7,310 days": r"^integrations\.nodes\.\w+Statistics",
    "offsets, which read the skipped records": r"\.resourceRecords\(.*offset: far",
    "searches, which read the index for each of 100 found records": r"search: (quixley|two words)",
    "records filtered by value, which are read from an index": r"\.resourceRecords\(.*filter: ",
    "dashboards filtered by several values, whose records are read": r"Statistics\(.*(source|utm\w+): ",
    "numbers of entries of the audit log, which are counted from an index": r"^auditLog.*totalCount",
    "bounds within a day, whose records are read": r"within",
}
"""Patterns of their names, by the reason. The first that fits counts."""
