// The dashboard: one query for the page, and one for each change of the filter. Each part shows its own errors.

import { offerCsv } from "./csv.js";
import { button, el, failure, notice, shape } from "./dom.js";
import { address, read, variables } from "./filters.js";
import { createFormats, dayOf, english } from "./formats.js";
import { ask } from "./session.js";
import { renewSession, requireSession } from "./signing.js";
import { trend } from "./trend.js";
import { breakdown, cards, integrations, standing } from "./views.js";

const EXPORT = "query Export($id: ID!) { integrationExport(integrationId: $id) { document } }";

const COUNTS = ["numbers", "trend", "source", "utm"];
const PARTS = [...COUNTS, "integrations"];
const SEARCH_PAUSE = 350;
const NONE_CONNECTED = "Your team has not connected an integration yet, or your key may not see ";

const formats = createFormats(english());
const find = (selector) => document.querySelector(selector);
const filters = find("#filters");
const QUESTION = find("#question").text;

let [filter, problems] = read(location.search);
let shown = null;
let loading = null;

/** Query what the filter selects. A newer call cancels an older one. */
async function load() {
  loading?.abort();
  const { signal } = (loading = new AbortController());
  fill();
  for (const part of PARTS) {
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

const isOfList = ({ path }) => path[0] === "integrations";

function show({ data, errors }) {
  const chosen = data?.chosen ?? data?.newest?.nodes[0];
  if (data?.integrations) showIntegrations(data.integrations, chosen);
  else fail(["integrations"], errors.find(isOfList) ?? errors[0]);
  if (chosen?.appointmentStatistics) showCounts(chosen);
  else if (errors.length) fail(COUNTS, errors.find((error) => !isOfList(error)) ?? errors[0]);
  else showNotice(COUNTS, "No integration", `${NONE_CONNECTED}this one.`);
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

function fail(parts, error) {
  if (parts.includes("numbers")) shown = null;
  find("#period").textContent = "";
  find("#said").textContent = error.message;
  for (const part of parts) showPart(part, failure(error, load));
}

function showNotice(parts, title, why, action) {
  for (const part of parts) showPart(part, notice(title, why, part === parts[0] && action));
}

function showCounts(chosen) {
  const { appointmentStatistics: found, timezone } = (shown = chosen);
  if (filter.integration !== chosen.id) arrange({ integration: chosen.id });
  describe(found, timezone);
  showPart("numbers", cards(found, formats));
  if (found.overview.total) {
    showPart("trend", trend(found.trends, { formats, onzoom: (from, to) => change({ range: "custom", from, to }) }));
    return showBreakdowns();
  }
  const type = filter.type && ` of the type ${filters.type.selectedOptions[0].text}`;
  const why = `There are none${type} in this time${filter.search && ` that match “${filter.search}”`}.`;
  const isFiltered = filter.type || filter.search;
  const clear = isFiltered && button("", () => change({ type: "", search: "" }), "Clear the filter");
  showNotice(COUNTS.slice(1), "No bookings", why, clear);
}

function describe({ previousPeriod: before, trends, asOf }, timezone) {
  const range = trends.length ? formats.range(trends[0].day, trends.at(-1).day) : "No days";
  const days = before && [dayOf(before.start, timezone), dayOf(before.end, timezone, 1)];
  const compared = before ? `compared with ${formats.range(...days)}` : "without a comparison, since the time is open";
  const unknown = problems.length ? `. The address has ${problems.join(", ")}, which is not valid` : "";
  find("#period").replaceChildren(el("b", range), ` · ${compared} · days in ${timezone}${unknown}.`);
  find("#as-of").textContent = `As of ${formats.instant(asOf, timezone)} (${timezone}).`;
}

function showBreakdowns() {
  const { appointmentStatistics: found } = shown;
  const onpick = (search) => (change({ search }), filters.search.focus());
  const options = { formats, sort: filter.sort, onsort: (sort) => arrange({ sort }), onpick };
  for (const [part, by] of Object.entries({ source: "source", utm: filter.by })) {
    showPart(part, breakdown(by, found[by], options));
  }
}

function showIntegrations({ nodes, totalCount }, chosen) {
  const known = !chosen || nodes.some(({ id }) => id === chosen.id) ? nodes : [...nodes, chosen];
  filters.integration.replaceChildren(...known.map(({ id, name }) => el("option", { value: id }, name)));
  filters.integration.value = chosen?.id ?? "";
  find("#alarm").replaceChildren(...alarm(nodes));
  if (!nodes.length) return showNotice(["integrations"], "No integrations", `${NONE_CONNECTED}any.`);
  const href = ({ id }) => address({ ...filter, integration: id });
  const rest = totalCount > nodes.length && el("p.quiet", `The first ${nodes.length} of ${totalCount}, by name.`);
  showPart("integrations", el("div.scroll", integrations(nodes, { formats, href, onexport: download }), rest));
}

/** List the broken integrations with the reasons, at the top of the page. */
function alarm(nodes) {
  const broken = nodes.filter((each) => standing(each)[0] === "bad");
  if (!broken.length) return [];
  const lines = broken.map((each) => el("li", shape("▲ "), el("b", each.name), ` is broken: ${standing(each)[2]}`));
  return [el("div.alarm.panel", el("ul", lines), el("a", { href: "#integrations" }, "Show and export"))];
}

/** Save an export as a file. Parsing it would change numbers and the order of keys. */
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

/** Change what is queried. */
function change(changes) {
  Object.assign(filter, changes);
  problems = [];
  history.pushState(null, "", address(filter));
  load();
}

/** Change how the answer is shown, without a query. */
function arrange(changes) {
  Object.assign(filter, changes);
  history.replaceState(null, "", address(filter));
  if (shown?.appointmentStatistics.overview.total) showBreakdowns();
}

/** Show the filter in the form, except in the input where the user types. */
function fill() {
  for (const name of ["type", "search", "from", "to", "range", "by"]) {
    if (filters[name] !== document.activeElement) filters[name].value = filter[name];
  }
  if (filter.integration) filters.integration.value = filter.integration;
  find(".days").hidden = filter.range !== "custom";
}

function onChange({ target: { form, name, value } }) {
  if (form !== filters || name === "search") return;
  if (name === "by") return arrange({ by: value });
  if (name !== "range") return change({ [name]: value });
  // A custom range begins with the days that are shown.
  const days = (value === "custom" && shown?.appointmentStatistics.trends) || [];
  change({ range: value, from: days[0]?.day ?? "", to: days.at(-1)?.day ?? "" });
}

let typing = null;
filters.search.oninput = ({ target: { value } }) => {
  clearTimeout(typing);
  typing = setTimeout(() => value !== filter.search && change({ search: value }), SEARCH_PAUSE);
};
filters.onsubmit = (event) => event.preventDefault();
document.onchange = onChange;
window.onpopstate = () => (([filter, problems] = read(location.search)), load());
offerCsv(() => variables(filter));
const signedIn = requireSession();
load();
