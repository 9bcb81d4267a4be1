// The dashboard: one query for the page, and one for each change of the filter.

import { chips } from "./chips.js";
import { offerCsv } from "./csv.js";
import { watchDays } from "./days.js";
import { button, el, failure, notice } from "./dom.js";
import { EXACT, address, conditions, describeFilter, read, variables } from "./filters.js";
import { createFormats } from "./formats.js";
import { createSection } from "./integrations-section.js";
import { addDays, alignDays, dayOf, fillPeriods, readComparison, readGrouping, readPeriod, startOf, sumDays } from "./periods.js";
import { mayReadRecords, openRecords } from "./records.js";
import { explain } from "./sentences.js";
import { ask } from "./session.js";
import { renewSession, requireSession } from "./signing.js";
import { trend } from "./trend.js";
import { breakdown, cards } from "./views.js";

const COUNTS = ["numbers", "trend", "source", "utm"];
const PARTS = [...COUNTS, "integrations"];
const SEARCH_PAUSE = 350;
const NONE_CONNECTED = "Your team has not connected an integration yet, or your key may not see this one.";

const formats = createFormats();
const find = (selector) => document.querySelector(selector);
const filters = find("#filters");
const QUESTION = find("#question").text;

let [filter, problems] = readAddress();
let shown = null;
let loading = null;
let names = [];

const section = createSection({
  formats,
  href: ({ id }) => address({ ...filter, integration: id }),
  onnames: (found) => ((names = found), showNames()),
  onfail: failList,
  renew: renewSession,
});

function readAddress() {
  const found = read(location.search);
  const [{ type }] = found;
  if ([...filters.type.options].some(({ value }) => value === type)) return found;
  found[0].type = "";
  found[1].push(`“type=${type}”`);
  return found;
}

/** Query what the filter selects. A newer call cancels an older one. */
async function load() {
  loading?.abort();
  find("#copied").textContent = "";
  const { signal } = (loading = new AbortController());
  fill();
  signedIn.then(section.require);
  section.render();
  for (const part of COUNTS) {
    find(`#${part}`).ariaBusy = true;
    if (!shown) find(`#${part} .body`).replaceChildren(el("div.skeleton"));
  }
  // The user may change the filter before the session is there.
  await signedIn;
  if (signal.aborted) return;
  const answer = await ask(QUESTION, variables(filter), { signal }).catch(() => null);
  if (signal.aborted) return;
  if (answer.errors.some(({ code }) => code === "UNAUTHENTICATED")) return renewSession().then(load);
  show(answer);
}

function show({ data, errors }) {
  const chosen = data?.chosen ?? data?.newest?.nodes[0];
  const isRetried = find("#failure").contains(document.activeElement);
  find("#failure").replaceChildren();
  if (isRetried) find("#main").focus({ preventScroll: true });
  showParts(PARTS, true);
  showNames(chosen);
  if (chosen?.appointmentStatistics) showCounts(chosen);
  else if (errors.length) fail(errors[0], data ? COUNTS : PARTS);
  else showNotice("No integration", NONE_CONNECTED);
}

/** Show the content of a part, and keep the keyboard focus there. */
function showPart(part, ...content) {
  const box = find(`#${part} .body`);
  const focused = box.contains(document.activeElement) && document.activeElement.className.split(" ").at(-1);
  box.replaceChildren(...content);
  find(`#${part}`).ariaBusy = false;
  if (focused === false) return;
  (box.querySelector(`.${focused || "plot"}`) ?? box.querySelector("button, a"))?.focus({ preventScroll: true });
}

function showParts(parts, isShown) {
  for (const part of parts) find(`#${part}`).hidden = !isShown;
}

/** Show one box instead of the numbers, or instead of all parts if the gateway answered nothing. */
function fail(error, parts) {
  find("#said").textContent = explain(error);
  shown = null;
  for (const selector of ["#period", "#printed", "#as-of"]) find(selector).textContent = "";
  for (const part of parts) showPart(part);
  showParts(parts, false);
  find("#failure").replaceChildren(failure(error, load));
}

/** Show why there is no list of integrations, unless one box is shown instead of all parts. */
function failList(error) {
  if (!find("#integrations").hidden) showPart("integrations", failure(error, load));
}

/** Show why there are no numbers. */
function showNotice(title, why, action) {
  for (const part of COUNTS.slice(1)) showPart(part);
  showParts(COUNTS.slice(2), false);
  showPart("trend", notice(title, why, action));
  if (!shown) showPart("numbers");
}

function showCounts(chosen) {
  if (filter.integration !== chosen.id) arrange({ integration: chosen.id });
  const { appointmentStatistics: found, before, timezone } = chosen;
  const today = dayOf(found.asOf, timezone);
  const period = readPeriod(filter, today);
  const comparison = before ? readComparison(filter, period) : null;
  // The user may change the filter while its numbers are still shown.
  shown = { filter: { ...filter }, chosen, found, period, comparison, timezone };
  describe();
  fillDays(filter.from, filter.to);
  fillComparedDays(filter.compareFrom, filter.compareTo);
  const { overview, trends } = found;
  const previousPeriod = comparison && { overview: sumDays(before.trends, comparison) };
  showPart("numbers", cards({ overview, previousPeriod }, formats, { onopen: open }));
  if (!overview.total) return showEmpty();
  const by = readGrouping(filter);
  const last = trends.at(-1).day;
  const periods = fillPeriods(trends, by, period ?? { first: trends[0].day, last: last > today ? last : today });
  shown.periods = periods;
  find("#trend-title").textContent = `Bookings per ${by}`;
  // A comparison with nothing would be a line along the axis.
  const aligned = previousPeriod?.overview.total ? alignDays(periods, before.trends, comparison) : undefined;
  showPart("trend", trend(periods, { formats, by, before: aligned, onzoom: showDays }));
  showBreakdowns();
}

function showEmpty() {
  const chosen = describeFilter(filter, filters.type);
  const why = chosen.length ? `There are none in this time with these filters. ${chosen.join(". ")}.` : "There are none in this time.";
  const none = { type: "", search: "", ...Object.fromEntries(EXACT.map((by) => [by, []])) };
  showNotice("No bookings", why, chosen.length && button("", () => change(none), "Clear the filter"));
}

/** Say which days are shown, and with which they are compared, on the screen and on paper. */
function describe() {
  const { chosen, found, period, comparison, timezone } = shown;
  const range = period ? formats.range(period.first, period.last) : "All time";
  const compared = comparison ? `compared with ${formats.range(comparison.first, comparison.last)}` : "without a comparison";
  const unknown = problems.length ? `. The address has ${problems.join(", ")}, which is not valid` : "";
  find("#period").replaceChildren(el("b", range), ` · ${compared} · days in ${timezone}${unknown}.`);
  const parts = [range, compared, `days in ${timezone}`, ...describeFilter(filter, filters.type)];
  find("#printed").replaceChildren(el("b", chosen.name), el("br"), parts.join(" · "));
  find("#as-of").textContent = `As of ${formats.instant(found.asOf, timezone)} (${timezone}).`;
}

function showBreakdowns() {
  const { found } = shown;
  const options = { formats, sort: filter.sort, onsort: (sort) => arrange({ sort }), onpick: pick };
  for (const [part, by] of Object.entries({ source: "source", utm: filter.by })) {
    showPart(part, breakdown(by, found[by], options));
  }
}

/** Show the bookings with one value of a breakdown: as many as its row says. */
function pick(by, value) {
  if (filter[by].length !== 1 || filter[by][0] !== value) change({ [by]: [value] });
}

/** Query the values that a breakdown has without its own chips. */
async function queryValues(by) {
  const query = { ...variables({ ...filter, [by]: [], compare: "none" }), id: shown.chosen.id, chosen: true };
  const { data } = await ask(QUESTION, query);
  return data?.chosen?.appointmentStatistics?.[by] ?? [];
}

/** Show the bookings behind a number. */
function open(state, title) {
  const { filter, chosen, period, timezone } = shown;
  const createdAt = period && { gte: startOf(period.first, timezone), lt: startOf(addDays(period.last, 1), timezone) };
  const range = period ? formats.range(period.first, period.last) : "All time";
  openRecords({
    title: state ? `${title} bookings` : title,
    about: [chosen.name, range, ...describeFilter(filter, filters.type)].join(" · "),
    variables: { id: chosen.id, search: variables(filter).search, filter: conditions(filter, createdAt, state.toUpperCase()) },
    formats,
    timezone,
    types: filters.type,
  });
}

function showDays(from, to) {
  if (filter.range !== "custom" || filter.from !== from || filter.to !== to) change({ range: "custom", from, to });
}

/** Offer all integrations, and the one that is shown. */
function showNames(chosen = shown?.chosen) {
  const known = !chosen || names.some(({ id }) => id === chosen.id) ? names : [...names, chosen];
  filters.integration.replaceChildren(...known.map(({ id, name }) => el("option", { value: id }, name)));
  filters.integration.value = chosen?.id ?? filter.integration ?? "";
}

/** Change what is queried. A change of the search alone leaves the address as it is. */
function change(changes, isContinued = false) {
  Object.assign(filter, changes);
  problems = [];
  const next = address(filter);
  if (isContinued) history.replaceState(null, "", next);
  else if (next !== location.pathname + location.search) history.pushState(null, "", next);
  load();
}

/** Change how the answer is shown, without a query. */
function arrange(changes) {
  Object.assign(filter, changes);
  history.replaceState(null, "", address(filter));
  if (shown?.found.overview.total) showBreakdowns();
}

/** Show the filter in the form, except in the input where the user types. */
function fill() {
  for (const name of ["type", "search", "range", "by", "group", "compare"]) {
    if (filters[name] !== document.activeElement) filters[name].value = filter[name];
  }
  if (filter.integration) filters.integration.value = filter.integration;
  find("#days").hidden = filter.range !== "custom";
  find("#compared-days").hidden = filter.compare !== "custom" || filter.range === "all";
  filters.compare.disabled = filter.range === "all";
  fillDays(filter.from, filter.to);
  fillComparedDays(filter.compareFrom, filter.compareTo);
  find("#chips").replaceChildren(...chips(filter, { formats, onchange: changeChips, onask: queryValues }));
}

/** Change the chips, and keep the keyboard focus near them. */
function changeChips(values) {
  change(values);
  (find("#chips button") ?? filters.search).focus();
}

/** Return the days that are shown, with which custom days begin. */
const readShownDays = () => (shown?.period ?? (shown?.periods && { first: shown.periods[0].day, last: shown.periods.at(-1).last }));

function onChange({ target: { form, name, type, value } }) {
  if (form !== filters || name === "search" || type === "date") return;
  if (name === "by") return arrange({ by: value });
  const period = readShownDays() ?? { first: today(), last: today() };
  if (value !== "custom") return change({ [name]: value });
  if (name === "range") return change({ range: value, from: period.first, to: period.last });
  const { first, last } = readComparison({ compare: "previous" }, period);
  change({ compare: value, compareFrom: first, compareTo: last });
}

/** Return today in the zone of the integration. */
const today = () => dayOf(Date.now(), shown?.timezone);
const watch = (fieldset, [first, last]) =>
  watchDays(find(fieldset), {
    formats, today, onpair: (from, to, isContinued) => change({ [first]: from, [last]: to }, isContinued),
  });
const fillDays = watch("#days", ["from", "to"]);
const fillComparedDays = watch("#compared-days", ["compareFrom", "compareTo"]);

let typing = null;
filters.search.oninput = ({ target: { value } }) => {
  clearTimeout(typing);
  typing = setTimeout(() => value !== filter.search && change({ search: value }), SEARCH_PAUSE);
};
find("#copy").onclick = async () => {
  const missing = filters.search.value.trim() && " The link does not contain the search, since it may be a name.";
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  find("#copied").textContent = `${copied ? "Link copied." : "Copy the address of this page instead."}${missing}`;
};
filters.onsubmit = (event) => event.preventDefault();
document.onchange = onChange;
window.onpopstate = () => {
  // A link to a part of the page changes no filter.
  if (location.pathname + location.search === address(filter)) return;
  const { search } = filter;
  [filter, problems] = readAddress();
  filter.search = search;
  load();
};
offerCsv(() => variables(filter));
const signedIn = requireSession();
signedIn.then(() => (filters.search.disabled = !mayReadRecords()));
history.replaceState(null, "", address(filter));
load();
