// The dashboard's filter. All of it but the search is in the address, so that a view can be shared.

import { BREAKDOWNS, RANGES } from "./formats.js";
import { readComparison, readGrouping, readPeriod } from "./periods.js";

const DEFAULTS = {
  integration: "", type: "", range: "30d", from: "", to: "", group: "auto",
  compare: "previous", compareFrom: "", compareTo: "", by: "utmCampaign", sort: "count",
};
const DAY = /^([1-9]\d{3}-\d\d-\d\d)?$/;
const ALLOWED = {
  range: /^(7d|30d|90d|12mo|all|custom)$/,
  group: /^(auto|day|week|month)$/,
  compare: /^(previous|year|custom|none)$/,
  by: /^utm(Campaign|Source|Medium)$/,
  sort: /^(count|failed)$/,
  ...Object.fromEntries(["from", "to", "compareFrom", "compareTo"].map((name) => [name, DAY])),
};

/** The breakdowns by which a filter can choose values. */
export const EXACT = Object.keys(BREAKDOWNS);

const isDay = (day) => DAY.test(day) && Date.parse(day) >= 0 && new Date(day).toISOString().startsWith(day);

/** Return whether both days are known and in their order. */
export const isPair = (first, last) => isDay(first) && isDay(last) && first <= last;

/** Return [filter, problems] of an address; `problems` lists the parts that are not valid. */
export function read(address) {
  const filter = { ...DEFAULTS, search: "", ...Object.fromEntries(EXACT.map((name) => [name, []])) };
  const problems = [];
  for (const [name, value] of new URLSearchParams(address)) {
    if (EXACT.includes(name)) filter[name] = [...new Set([...filter[name], value])].slice(0, 100);
    else if (name in DEFAULTS && (ALLOWED[name]?.test(value) ?? true)) filter[name] = value;
    else problems.push(name in DEFAULTS ? `“${name}=${value}”` : `“${name}”`);
  }
  for (const [name, first, last] of [["range", "from", "to"], ["compare", "compareFrom", "compareTo"]]) {
    if (filter[name] !== "custom" || isPair(filter[first], filter[last])) continue;
    problems.push(`“${first}” and “${last}”`);
    filter[name] = DEFAULTS[name];
  }
  return [filter, problems];
}

/** Return the address of a filter, without default values and without the search, which may be a patient's name. */
export function address(filter) {
  const chosen = Object.keys(DEFAULTS).filter((name) => filter[name] !== DEFAULTS[name]).map((name) => [name, filter[name]]);
  const exact = EXACT.flatMap((name) => filter[name].map((value) => [name, value]));
  const query = new URLSearchParams([...chosen, ...exact]).toString();
  return location.pathname + (query && `?${query}`);
}

/** Return the values of a breakdown that a filter chooses, as an argument of the graph. */
const exactOf = (filter) => Object.fromEntries(EXACT.map((name) => [name, filter[name].length ? filter[name] : null]));

/** Return the variables of the dashboard's query. */
export function variables(filter) {
  const { integration, type, search, range } = filter;
  const custom = range === "custom" ? readPeriod(filter) : null;
  return {
    id: integration,
    chosen: integration !== "",
    type: type || null,
    search: search.trim() || null,
    days: RANGES[range] ?? null,
    first: custom?.first ?? null,
    last: custom?.last ?? null,
    by: readGrouping(filter).toUpperCase(),
    ...exactOf(filter),
    ...comparedVariables(filter, custom),
  };
}

/** Return the variables of the comparison.
 *
 * The page does not know the integration's today. So it asks for the days of both periods, and takes those before.
 */
function comparedVariables(filter, custom) {
  const { range, compare } = filter;
  const isCompared = range !== "all" && compare !== "none";
  const explicit = isCompared && (custom || compare === "custom") ? readComparison(filter, custom ?? {}) : null;
  const days = RANGES[range] + (compare === "year" ? 366 : RANGES[range]);
  return {
    compared: isCompared,
    beforeDays: isCompared && !explicit ? days : null,
    beforeFirst: explicit?.first ?? null,
    beforeLast: explicit?.last ?? null,
  };
}

/** Return the conditions of the records that a filter counts; `createdAt` is that of its days. */
export const conditions = (filter, createdAt, state) => ({
  ...exactOf(filter),
  appointmentType: filter.type ? [filter.type] : null,
  bookingStatus: state ? [state] : null,
  createdAt,
});

/** Return what a filter chooses, in words. `types` is the select of types. */
export function describeFilter(filter, types) {
  return [
    filter.type && `Type of visit: ${[...types.options].find(({ value }) => value === filter.type).text}`,
    ...EXACT.map((name) => filter[name].length && `${BREAKDOWNS[name]}: ${filter[name].join(" or ")}`),
    filter.search.trim() && `Search: ${filter.search.trim()}`,
  ].filter(Boolean);
}
