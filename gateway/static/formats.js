// Words, and numbers, days and instants in a locale. Days are "2026-11-16", of the zone they were asked in.

export class Formats {
  constructor(locale) {
    const days = (options) => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
    const date = { day: "numeric", month: "short" };
    const [long, short] = [days({ dateStyle: "full" }), days(date)];
    const range = days({ ...date, year: "numeric" });
    const share = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
    this.locale = locale;
    this.number = new Intl.NumberFormat(locale).format;
    this.percent = new Intl.NumberFormat(locale, share).format;
    this.day = (day) => long.format(new Date(day));
    this.short = (day) => short.format(new Date(day));
    this.range = (first, last) => range.formatRange(new Date(first), new Date(last));
  }

  /** An instant on the clocks of a zone, which is named. */
  instant(at, timeZone) {
    const date = { day: "numeric", month: "short", year: "numeric" };
    const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" };
    return new Intl.DateTimeFormat(this.locale, { ...date, ...time, timeZone }).format(new Date(at));
  }
}

/** The reader's locale if it is English, as all words here are. */
export const english = () => navigator.languages.find((locale) => locale.startsWith("en")) ?? "en";

/** The local day before an instant, or that on which it is. */
export function dayOf(at, timeZone, before = 0) {
  return new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(Date.parse(at) - before));
}

export const STATES = { successful: "Successful", failed: "Failed", pending: "Pending" };

export const BREAKDOWNS = {
  source: "Source",
  utmSource: "UTM source",
  utmMedium: "UTM medium",
  utmCampaign: "UTM campaign",
};

/** How many days the ranges have that can be chosen. */
export const RANGES = { "7d": 7, "30d": 30, "90d": 90, "12mo": 365 };

/** What is counted as such has no value: there is nothing to search for. */
export const WITHOUT = ["unknown", "direct", "not set"];
