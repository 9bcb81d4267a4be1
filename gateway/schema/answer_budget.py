"""The size of an operation's answer, and of the rows that it is made of."""

from gateway.database import Database, FetchBudget
from gateway.errors import LimitExceeded, describe_done
from gateway.schema.operation_limits import OperationLimits
from gateway.settings import get_variable_name

_FETCH_FACTOR = 2
"""How many times as many bytes as an answer has the operation may fetch: few select less than half of a row."""


class AnswerBudget(FetchBudget):
    """What one operation may fetch and answer.

    An export may be larger. It has a slot of its own from before it reads until its answer is sent.
    """

    def __init__(self, limits: OperationLimits, database: Database, team_id: str) -> None:
        super().__init__(_FETCH_FACTOR * limits.answer_limit, database.large_reads, team_id)
        self.max_size, self._setting = limits.answer_limit, "answer_limit"
        self._export_limit, self._exports = limits.export_limit, database.exports
        self.is_export = False
        self.committed: list[str] = []
        """Response keys of the mutations that were committed."""

    @property
    def average_row_bytes(self) -> int:
        """Average size of the rows fetched so far; 0 if they are few bytes altogether."""
        return self.byte_count // self.row_count if self.is_large else 0

    def check(self, size: int) -> None:
        """Raise LimitExceeded if an answer of this size, or a part of it, is too large."""
        if size > self.max_size:
            raise self._refuse("answer", self.max_size, size, "The answer has {} bytes or more")

    def refuse_rows(self) -> LimitExceeded:
        message = "The operation reads {} bytes or more from the database"
        return self._refuse("rows", self.max_bytes, self.byte_count, message)

    def _refuse(self, limit: str, maximum: int, size: int, message: str) -> LimitExceeded:
        done = f" Only {describe_done(self.committed)}." if self.committed else ""
        advice = f"Select fewer fields or rows, or have the operator raise {get_variable_name(self._setting)}."
        text = f"{message.format(size)}; at most {maximum} are allowed. {advice}{done}"
        return LimitExceeded(text, limit, maximum, size)

    async def begin_export(self) -> None:
        """Take a slot for exports, until `end_export`. Raises Overloaded when none becomes free in time."""
        if not self.is_export:
            await self.change_slots(self._exports)
            self.is_export, self._setting = True, "export_limit"
            self.max_size = self.max_bytes = self._export_limit

    def end_operation(self) -> None:
        """Free the slot of a large operation, which has written its data."""
        if not self.is_export:
            self.release()

    def end_export(self) -> None:
        """Free the slot of an export: its answer is sent, or there is none."""
        self.release()
