"""Fallbacks of compiled selections in tests: an unexpected one fails the test that caused it."""

from collections import Counter

import pytest

from gateway.execution.fallbacks import FallbackLog, FallbackReason


class UnexpectedFallback(pytest.fail.Exception):  # type: ignore[misc, name-defined]  # pytest has no type for it
    """A compiled selection fell back for a reason that points to a defect.

    Like all outcomes of pytest it is no Exception: the fast path and the gateway would catch one.
    """


class FallbackWatcher:
    """Counts the fallbacks of one test, and raises for unexpected ones."""

    def __init__(self, provoked: set[FallbackReason]) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        """By root field and reason."""
        self.unexpected: list[UnexpectedFallback] = []
        """Raised errors. The fixture fails if any is left: a task that no test awaits may have raised it."""
        self._provoked = provoked
        self._report = FallbackLog.report

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Watch every document's log."""

        def report(log: FallbackLog, field: str, reason: FallbackReason, error: Exception | None) -> None:
            self._report(log, field, reason, error)
            self.counts[field, reason.value] += 1
            if not (reason.is_expected or reason in self._provoked):
                raised = UnexpectedFallback(f"{field}: {reason.value}")
                self.unexpected.append(raised)
                raise raised from error

        monkeypatch.setattr(FallbackLog, "report", report)

    def check(self) -> None:
        """Raise what was raised before, and fail if a provoked reason did not occur."""
        if self.unexpected:
            raise self.unexpected[0]
        missing = {reason.value for reason in self._provoked} - {reason for _, reason in self.counts}
        assert not missing, f"marked as provoked, but never reported: {sorted(missing)}"
