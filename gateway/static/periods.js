// Days and periods. A day is "2026-11-16", in the zone of its integration; a period is {first, last}, both included.

import { RANGES } from "./formats.js";

const DAY = 86_400_000;

/** More periods than this are not filled: a single wrong date would add a million. */
const MAX_FILLED = 4000;

export const addDays = (day, count) => new Date(Date.parse(day) + count * DAY).toISOString().slice(0, 10);

export const countDays = ({ first, last }) => Math.round((Date.parse(last) - Date.parse(first)) / DAY) + 1;

/** Return the local day of an instant. */
export const dayOf = (at, timeZone) => new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(at));

/** Return the first instant of a local day. It is not always midnight, since clocks change. */
export function startOf(day, timeZone) {
  let [before, at] = [Date.parse(day) - DAY, Date.parse(day) + DAY];
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2);
    if (dayOf(middle, timeZone) < day) before = middle;
    else at = middle;
  }
  return new Date(at).toISOString();
}

/** Return the same day a year before; for 29 February, the 28th. */
const yearBefore = (day) => `${day.slice(0, 4) - 1}${day.slice(4).replace("-02-29", "-02-28")}`;

/** Return the period that a filter shows, or null for all time. `today` is a local day. */
export function readPeriod({ range, from, to }, today) {
  if (range === "all") return null;
  if (range === "custom") return { first: from, last: to };
  return { first: addDays(today, -RANGES[range]), last: addDays(today, -1) };
}

/** Return the period that a filter compares with, or null. */
export function readComparison({ compare, compareFrom, compareTo }, period) {
  if (!period || compare === "none") return null;
  if (compare === "custom") return { first: compareFrom, last: compareTo };
  const { first, last } = period;
  if (compare === "year") return { first: yearBefore(first), last: yearBefore(last) };
  return { first: addDays(first, -countDays(period)), last: addDays(first, -1) };
}

const NEXT = {
  day: (day) => addDays(day, 1),
  // Weeks begin on Monday.
  week: (day) => addDays(day, 8 - (new Date(day).getUTCDay() || 7)),
  month: (day) => `${addDays(`${day.slice(0, 8)}01`, 31).slice(0, 8)}01`,
};

/** Return what the bars of a chart stand for: "day", "week" or "month". */
export function readGrouping({ group, range, from, to }) {
  if (group !== "auto") return group;
  if (range === "all") return "month";
  const days = RANGES[range] ?? countDays({ first: from, last: to });
  if (days <= 92) return "day";
  return days <= 2 * 366 ? "week" : "month";
}

/** Add the periods without bookings to `trends`, and the last day of each. */
export function fillPeriods(trends, by, { first, last }) {
  const known = new Map(trends.map((each) => [each.day, each]));
  let days = [first];
  while (days.length < MAX_FILLED && NEXT[by](days.at(-1)) <= last) days.push(NEXT[by](days.at(-1)));
  if (days.length === MAX_FILLED) days = trends.map(({ day }) => day);
  const none = { successful: 0, failed: 0, pending: 0 };
  const end = (day) => addDays(NEXT[by](day), -1);
  return days.map((day) => ({ ...none, ...known.get(day), day, last: end(day) < last ? end(day) : last }));
}

/** Return the sums of days within a period. */
export function sumDays(days, { first, last }) {
  const sum = { total: 0, successful: 0, failed: 0, pending: 0 };
  for (const each of days) {
    if (each.day < first || each.day > last) continue;
    for (const state of ["successful", "failed", "pending"]) {
      sum[state] += each[state];
      sum.total += each[state];
    }
  }
  return sum;
}

/** Return {first, last, total} of the compared days beside each of `periods`, or null where there are none.
 *
 * The first compared day stands beside the first day, and so on; a period has as many days as the one it stands beside.
 */
export function alignDays(periods, days, comparison) {
  const shift = countDays({ first: periods[0].day, last: comparison.first }) - 1;
  return periods.map(({ day, last }) => {
    const beside = { first: addDays(day, shift), last: addDays(last, shift) };
    if (beside.last > comparison.last) beside.last = comparison.last;
    return beside.first > comparison.last ? null : { ...beside, total: sumDays(days, beside).total };
  });
}
