"""Why the database cannot be used."""

from enum import StrEnum


class FailureCause(StrEnum):
    """Why the database cannot be used. The metric and the log name it."""

    DATABASE = "database"
    SLOTS = "slots"
    STORAGE = "storage"
    DAMAGE = "damage"
    READ_ONLY = "read-only"

    @property
    def part(self) -> str:
        """The part that `/readyz` names."""
        return {FailureCause.SLOTS: "database", FailureCause.DAMAGE: "storage"}.get(self, self.value)

    @property
    def description(self) -> str:
        """What is wrong, for everybody."""
        return _DESCRIPTIONS[self]


_DESCRIPTIONS = {
    FailureCause.DATABASE: "The database cannot be reached",
    FailureCause.SLOTS: "The database takes no more connections",
    FailureCause.STORAGE: "The storage of the database is full or fails",
    FailureCause.DAMAGE: "The file of the database is damaged",
    FailureCause.READ_ONLY: "The database is read-only",
}
