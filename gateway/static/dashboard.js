// The dashboard: one request for the page, one for each change of the filter, and each part shows how it fares.

import { button, el, failure, notice, shape } from "./dom.js";
import { address, read, variables } from "./filters.js";
import { Formats, dayOf, english } from "./formats.js";
import { ask } from "./session.js";
import { begun, ended } from "./signing.js";
import { trend } from "./trend.js";
import { breakdown, cards, integrations, standing } from "./views.js";

const EXPORT = "query Export($id: ID!) { integrationExport(integrationId: $id) { document } }";

const COUNTS = ["numbers", "trend", "source", "utm"];
const PARTS = [...COUNTS, "integrations"];
const SEARCH_PAUSE = 350;

const formats = new Formats(english());
const find = (selector) => document.querySelector(selector);
const filters = find("#filters");
const QUESTION = find("#question").text;

let [filter, problems] = read(location.search);
let shown = null;
let loading = null;

/** Ask for what the filter says; an answer that comes after the next question is dropped. */
async function load() {
  loading?.abort();
  const { signal } = (loading = new AbortController());
  fill();
  for (const part of PARTS) {
    find(`#${part}`).ariaBusy = true;
    if (!shown) find(`#${part} .body`).replaceChildren(el("div.skeleton"));
  }
  const answer = await ask(QUESTION, variables(filter), { signal }).catch((error) => ({ error }));
  if (signal.aborted) return;
  if (answer.error) throw answer.error;
  if (answer.errors.some(({ code }) => code === "UNAUTHENTICATED")) return ended().then(load);
  show(answer);
}

function show({ data, errors }) {
  const chosen = data?.chosen ?? data?.newest?.nodes[0];
  if (data?.integrations) showIntegrations(data.integrations, chosen);
  else fail(["integrations"], errors[0]);
  if (chosen?.appointmentStatistics) showCounts(chosen);
  else if (errors.length) fail(COUNTS, errors.at(-1));
  else nothing(COUNTS, "No integration", "Your team has connected none yet, or this one has no appointments.");
}

/** Show a part; what had the keyboard there has it in the new content too. */
function done(part, ...content) {
  const box = find(`#${part} .body`);
  const held = box.contains(document.activeElement) && document.activeElement.className.split(" ").at(-1);
  box.replaceChildren(...content);
  find(`#${part}`).ariaBusy = false;
  const like = held !== false && (box.querySelector(`.${held || "plot"}`) ?? box.querySelector("button, a"));
  if (like) like.focus({ preventScroll: true });
}

function fail(parts, error, again = load) {
  if (parts.includes("numbers")) shown = null;
  find("#period").textContent = "";
  find("#said").textContent = error.message;
  for (const part of parts) done(part, failure(error, again));
}

function nothing(parts, title, why, action) {
  for (const part of parts) done(part, notice(title, why, part === parts[0] && action));
}

function showCounts(chosen) {
  const { appointmentStatistics: found, timezone } = (shown = chosen);
  if (filter.integration !== chosen.id) arrange({ integration: chosen.id });
  describe(found, timezone);
  done("numbers", cards(found, formats));
  if (found.overview.total) {
    done("trend", trend(found.trends, { formats, onzoom: (from, to) => change({ range: "custom", from, to }) }));
    return showBreakdowns();
  }
  const type = filter.type && ` of the type ${filters.type.selectedOptions[0].text}`;
  const why = `None${type} was made in that time${filter.search && ` that mentions “${filter.search}”`}.`;
  const isFiltered = filter.type || filter.search;
  const clear = isFiltered && button("", () => change({ type: "", search: "" }), "Clear the filter");
  nothing(COUNTS.slice(1), "No bookings", why, clear);
}

function describe({ previousPeriod: before, trends, asOf }, timezone) {
  const range = trends.length ? formats.range(trends[0].day, trends.at(-1).day) : "No days";
  const days = before && [dayOf(before.start, timezone), dayOf(before.end, timezone, 1)];
  const compared = before ? `compared with ${formats.range(...days)}` : "compared with nothing, since the time is open";
  const unknown = problems.length ? `. The address has ${problems.join(", ")}, which is not understood` : "";
  find("#period").replaceChildren(el("b", range), ` · ${compared} · days of ${timezone}${unknown}.`);
  find("#as-of").textContent = `Counted on ${formats.instant(asOf, timezone)} (${timezone}).`;
}

function showBreakdowns() {
  const { appointmentStatistics: found } = shown;
  const onpick = (search) => (change({ search }), filters.search.focus());
  const options = { formats, sort: filter.sort, onsort: (sort) => arrange({ sort }), onpick };
  done("source", breakdown("source", found.source, options));
  done("utm", breakdown(filter.by, found[filter.by], options));
}

function showIntegrations({ nodes, totalCount }, chosen) {
  const known = !chosen || nodes.some(({ id }) => id === chosen.id) ? nodes : [...nodes, chosen];
  filters.integration.replaceChildren(...known.map(({ id, name }) => el("option", { value: id }, name)));
  filters.integration.value = chosen?.id ?? "";
  find("#alarm").replaceChildren(...alarm(nodes));
  const why = "Your team has connected none yet, or your key may not see them.";
  if (!nodes.length) return nothing(["integrations"], "No integrations", why);
  const href = ({ id }) => address({ ...filter, integration: id });
  const rest = totalCount > nodes.length && el("p.quiet", `The first ${nodes.length} of ${totalCount}, by name.`);
  done("integrations", el("div.scroll", integrations(nodes, { formats, href, onexport: download }), rest));
}

/** Which integrations are broken and why, before all else. */
function alarm(nodes) {
  const broken = nodes.filter((each) => standing(each)[0] === "bad");
  if (!broken.length) return [];
  const lines = broken.map((each) => el("li", shape("▲ "), el("b", each.name), ` is broken: ${standing(each)[2]}`));
  return [el("div.alarm", el("ul", lines), el("a", { href: "#integrations" }, "Show and export"))];
}

/** Save the export as a file, to the letter: numbers and the order of keys would not survive being parsed. */
async function download({ id, name }, pressed) {
  pressed.disabled = true;
  const { data, errors, text } = await ask(EXPORT, { id });
  pressed.disabled = false;
  pressed.nextElementSibling?.remove();
  if (!data?.integrationExport) return pressed.after(el("p.refused", { role: "alert" }, errors[0].message));
  const content = text.slice('{"data":{"integrationExport":{"document":'.length, text.lastIndexOf("}}}"));
  const href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  el("a", { href, download: `${id}.json` }).click();
  setTimeout(URL.revokeObjectURL, 60_000, href);
  find("#said").textContent = `${name} was exported to ${id}.json.`;
}

/** Show what another filter lets through. */
function change(changes) {
  Object.assign(filter, changes);
  problems = [];
  history.pushState(null, "", address(filter));
  load();
}

/** Show what is there in another way, which asks for nothing. */
function arrange(changes) {
  Object.assign(filter, changes);
  history.replaceState(null, "", address(filter));
  if (shown?.appointmentStatistics.overview.total) showBreakdowns();
}

/** The form says what the filter is; not where somebody types. */
function fill() {
  for (const name of ["type", "search", "from", "to", "range", "by"]) {
    if (filters[name] !== document.activeElement) filters[name].value = filter[name];
  }
  if (filter.integration) filters.integration.value = filter.integration;
  find(".days").hidden = filter.range !== "custom";
}

function changed({ target: { name, value } }) {
  const days = shown?.appointmentStatistics.trends ?? [];
  if (name === "by") arrange({ by: value });
  // The days that are shown are a good start for others.
  else if (value === "custom") change({ range: value, from: days[0]?.day ?? "", to: days.at(-1)?.day ?? "" });
  else if (name === "range") change({ range: value, from: "", to: "" });
  else if (name !== "search") change({ [name]: value });
}

let typing = null;
function typed({ target: { value } }) {
  clearTimeout(typing);
  typing = setTimeout(() => value !== filter.search && change({ search: value }), SEARCH_PAUSE);
}

filters.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("change", (event) => event.target.form === filters && changed(event));
filters.search.addEventListener("input", typed);
addEventListener("popstate", () => (([filter, problems] = read(location.search)), load()));
await begun();
load();
