// Words, and numbers, days and instants in a locale. A day is "2026-11-16", in the zone of its integration.

const DATE = { day: "numeric", month: "short" };
const DATE_YEAR = { ...DATE, year: "numeric" };

/** Return functions that format values. Without a locale they use the browser's. */
export function createFormats(locale) {
  const dates = (options, timeZone = "UTC") => new Intl.DateTimeFormat(locale, { ...options, timeZone });
  const [long, short, range] = [dates({ dateStyle: "full" }), dates(DATE), dates(DATE_YEAR)];
  const [months, month, year] = [{ month: "long", year: "numeric" }, { month: "short" }, { year: "numeric" }].map((each) => dates(each));
  const share = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const time = { hour: "numeric", minute: "2-digit", timeZoneName: "short" };
  const formatRange = (first, last) => range.formatRange(new Date(first), new Date(last));
  return {
    number: new Intl.NumberFormat(locale).format,
    percent: new Intl.NumberFormat(locale, share).format,
    day: (day) => long.format(new Date(day)),
    range: formatRange,
    // A period of a chart, and the labels of its axis.
    period: ({ day, last }, by) => {
      if (by === "week" && last) return formatRange(day, last);
      return (by === "month" ? months : long).format(new Date(day));
    },
    tick: (day, by) => (by === "month" ? month : short).format(new Date(day)),
    year: (day) => year.format(new Date(day)),
    instant: (at, timeZone) => dates({ ...DATE_YEAR, ...time }, timeZone).format(new Date(at)),
  };
}

export const STATES = { successful: "Successful", failed: "Failed", pending: "Pending" };

export const BREAKDOWNS = {
  source: "Source",
  utmSource: "UTM source",
  utmMedium: "UTM medium",
  utmCampaign: "UTM campaign",
};

/** The number of days of each range. */
export const RANGES = { "7d": 7, "30d": 30, "90d": 90, "12mo": 365 };

/** Buckets of records without a value. */
export const WITHOUT = ["unknown", "direct", "not set"];
