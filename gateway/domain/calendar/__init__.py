"""Days, instants and time zones: `days` has local days, `instants` UTC timestamps, `timezones` IANA names."""

from gateway.domain.calendar import days, instants, timezones

__all__ = ["days", "instants", "timezones"]
