// Numbers, days and instants in a locale. Days are "2026-11-16" and belong to the zone that they were asked in.

export class Formats {
  constructor(locale) {
    this.locale = locale;
    this.number = new Intl.NumberFormat(locale).format;
    const percent = { style: "percent", maximumFractionDigits: 1 };
    this.percent = new Intl.NumberFormat(locale, percent).format;
    const days = (options) => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
    this._day = days({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
    this._short = days({ day: "numeric", month: "short" });
    this._month = days({ month: "short" });
    this._range = days({ day: "numeric", month: "short", year: "numeric" });
  }

  day = (day) => this._day.format(new Date(day));
  short = (day) => this._short.format(new Date(day));
  month = (day) => this._month.format(new Date(day));
  range = (first, last) => this._range.formatRange(new Date(first), new Date(last));

  /** When something is or was, on the clocks of a zone, which is named. */
  instant(at, timeZone, day = true) {
    const date = day ? { day: "numeric", month: "short", year: "numeric" } : {};
    const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" };
    return new Intl.DateTimeFormat(this.locale, { ...date, ...time, timeZone }).format(new Date(at));
  }
}

/** The locale of the reader where it is English, as all words here are. */
export const english = () => navigator.languages.find((locale) => locale.startsWith("en")) ?? "en";

/** The local day on which an instant is. */
export function dayOf(at, timeZone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(at));
}

/** The day so many days later. */
export function later(day, days) {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
}

export const STATES = { successful: "Successful", failed: "Failed", pending: "Pending" };

export const APPOINTMENT_TYPES = {
  NP: "New patient",
  F_U: "Follow-up",
  ASC_FU: "Surgery follow-up",
  FU_TELE: "Video or phone follow-up",
  PROCEDURE: "Procedure",
  PROV_USE: "Provider’s use",
  RAP_ACCESS: "Rapid access",
};

export const BREAKDOWNS = {
  source: "Source",
  utmSource: "UTM source",
  utmMedium: "UTM medium",
  utmCampaign: "UTM campaign",
};

/** What records without a value are counted as: there is nothing to search for. */
export const WITHOUT = new Set(["unknown", "direct", "not set"]);
