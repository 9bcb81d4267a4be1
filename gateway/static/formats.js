// Words, and numbers, days and instants in a locale. A day is "2026-11-16", in the zone of its integration.

const DATE = { day: "numeric", month: "short" };
const DATE_YEAR = { ...DATE, year: "numeric" };

export function createFormats(locale) {
  const dates = (options, timeZone = "UTC") => new Intl.DateTimeFormat(locale, { ...options, timeZone });
  const [long, short, range] = [dates({ dateStyle: "full" }), dates(DATE), dates(DATE_YEAR)];
  const share = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" };
  return {
    number: new Intl.NumberFormat(locale).format,
    percent: new Intl.NumberFormat(locale, share).format,
    day: (day) => long.format(new Date(day)),
    short: (day) => short.format(new Date(day)),
    range: (first, last) => range.formatRange(new Date(first), new Date(last)),
    instant: (at, timeZone) => dates({ ...DATE_YEAR, ...time }, timeZone).format(new Date(at)),
  };
}

/** Return the reader's English locale, since all words are English. */
export const english = () => navigator.languages.find((locale) => locale.startsWith("en")) ?? "en";

/** Return the local day of an instant, `before` milliseconds earlier. */
export const dayOf = (at, timeZone, before = 0) =>
  new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(Date.parse(at) - before));

export const STATES = { successful: "Successful", failed: "Failed", pending: "Pending" };

export const BREAKDOWNS = {
  source: "Source",
  utmSource: "UTM source",
  utmMedium: "UTM medium",
  utmCampaign: "UTM campaign",
};

/** The number of days of each range. */
export const RANGES = { "7d": 7, "30d": 30, "90d": 90, "12mo": 365 };

/** Buckets of records without a value; no search finds these. */
export const WITHOUT = ["unknown", "direct", "not set"];
