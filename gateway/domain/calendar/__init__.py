""""""

from gateway.domain.calendar import days, instants, timezones

__all__ = ["days", "instants", "timezones"]
