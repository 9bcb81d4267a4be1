// The dashboard: one request for the page, one for each change of the filter, and each part shows how it fares.

import { el, failure, notice } from "./dom.js";
import { address, read, variables } from "./filters.js";
import { APPOINTMENT_TYPES, BREAKDOWNS, Formats, dayOf, english, later } from "./formats.js";
import { ask, session, signIn, signOut } from "./session.js";
import { trend } from "./trend.js";
import { breakdown, cards, integrations, reason, standing } from "./views.js";

const CONNECTED = "filter: { kind: [CONNECTED] }";
const DOCUMENT = `
query Dashboard(
  $id: ID!, $chosen: Boolean!, $type: AppointmentType, $search: String, $days: Int, $first: Date, $last: Date
) {
  integrations(${CONNECTED}, orderBy: [{ field: NAME }], first: 100) {
    totalCount
    nodes { id name ... on ConnectedIntegration {
      status timezone config { provider tokenState expiresAt errorMessage authUserEmail }
    } }
  }
  chosen: integration(id: $id) @include(if: $chosen) { ...Chosen }
  newest: integrations(${CONNECTED}, orderBy: [{ field: CREATED_AT, direction: DESC }, { field: NAME }], first: 1)
    @skip(if: $chosen) { nodes { ...Chosen } }
}
fragment Chosen on ConnectedIntegration {
  id name timezone
  appointmentStatistics(
    appointmentType: $type, search: $search, days: $days, firstDay: $first, lastDay: $last, size: 100, fillGaps: true
  ) {
    asOf
    overview { total successful failed pending }
    previousPeriod { start end overview { total successful failed } }
    trends { day successful failed pending }
    source { ...Value } utmSource { ...Value } utmMedium { ...Value } utmCampaign { ...Value }
  }
}
fragment Value on StatisticsBucket { value count successful failed }`;
const EXPORT = "query Export($id: ID!) { integrationExport(integrationId: $id) { document } }";

const formats = new Formats(english());
const find = (selector) => document.querySelector(selector);
const body = (id) => find(`#${id} .body`);
const filters = find("#filters");
const STATISTICS = ["numbers", "trend", "source", "utm"];
const SEARCH_PAUSE = 350;

let [filter, problems] = read(location.search);
let shown = null;
let loading = null;
let expiry = null;

async function begin() {
  try {
    const found = await session();
    if (found === null) return signInAt();
    enter(found);
  } catch (error) {
    find("#dashboard").hidden = false;
    fail(STATISTICS.concat("integrations"), error, begin);
  }
}

function signInAt(why = "") {
  loading?.abort();
  clearTimeout(expiry);
  shown = null;
  find("#dashboard").hidden = find("#who").hidden = true;
  for (const part of [...STATISTICS, "integrations"]) body(part).replaceChildren();
  find("#refusal").textContent = why;
  find("#sign-in").hidden = false;
  find("#key").focus();
}

function enter({ user, team, expiresAt }) {
  find("#sign-in").hidden = true;
  find("#dashboard").hidden = find("#who").hidden = false;
  const until = el("time", { datetime: expiresAt }, formats.instant(expiresAt, undefined, false));
  find("#who span").replaceChildren(`${user.name ?? user.id} · ${team.name ?? team.id} · until `, until);
  const left = Date.parse(expiresAt) - Date.now();
  expiry = setTimeout(() => signInAt("Your session has ended. Sign in to go on."), Math.min(left, 2 ** 31 - 1));
  fill();
  load();
}

/** Ask for what the filter says; an answer that comes after the next question is dropped. */
async function load() {
  loading?.abort();
  const { signal } = (loading = new AbortController());
  wait();
  let answer;
  try {
    answer = await ask(DOCUMENT, variables(filter), { signal });
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  if (signal.aborted) return;
  if (answer.errors.some(({ code }) => code === "UNAUTHENTICATED")) {
    return signInAt("Your session has ended. Sign in to go on.");
  }
  show(answer);
}

function wait() {
  for (const part of [...STATISTICS, "integrations"]) {
    const section = find(`#${part}`);
    section.setAttribute("aria-busy", "true");
    if (!shown) body(part).replaceChildren(el("div", { class: "skeleton" }));
  }
}

function show({ data, errors }) {
  const chosen = data?.chosen ?? data?.newest?.nodes[0] ?? null;
  const of = (name) => errors.find(({ path }) => path[0] === name);
  const wrong = of("chosen") ?? of("newest") ?? errors.find(({ path }) => path.length === 0);
  if (data?.integrations) showIntegrations(data.integrations, chosen);
  else fail(["integrations"], of("integrations") ?? wrong ?? errors[0]);
  if (chosen?.appointmentStatistics) showStatistics(chosen);
  else if (errors.length) fail(STATISTICS, wrong ?? errors[0]);
  else nothing(data.chosen === null || data.chosen ? "It does not exist, or your key may not see it." : "Your team has connected none yet.");
}

function done(part, ...content) {
  body(part).replaceChildren(...content);
  find(`#${part}`).setAttribute("aria-busy", "false");
}

function fail(parts, error, again = load) {
  find("#period").textContent = "";
  if (parts.includes("numbers")) shown = null;
  for (const part of parts) done(part, failure(error, again));
}

function nothing(why) {
  shown = null;
  find("#period").textContent = "";
  for (const part of STATISTICS) done(part, notice("There is no integration to show", why));
}

function showStatistics(chosen) {
  const { appointmentStatistics: found, timezone } = chosen;
  shown = chosen;
  if (filter.integration !== chosen.id) {
    filter.integration = chosen.id;
    history.replaceState(null, "", address(filter));
    fill();
  }
  describe(found, timezone);
  done("numbers", cards(found, formats));
  if (found.overview.total === 0) {
    const why = filter.type || filter.search ? "None of that time meets the filter." : "None was made in that time.";
    const clear = (filter.type || filter.search) && el("button", { type: "button", onclick: () => change({ type: "", search: "" }) }, "Clear the filter");
    for (const part of STATISTICS.slice(1)) done(part, notice("No bookings", why, clear || null));
    return;
  }
  done("trend", trend(found.trends, { formats, onzoom: (from, to) => change({ range: "custom", from, to }) }));
  showBreakdowns();
}

function describe({ previousPeriod: before, trends, asOf }, timezone) {
  const days = trends.length;
  const range = days ? formats.range(trends[0].day, trends.at(-1).day) : "No days";
  const until = before && later(dayOf(before.end, timezone), -1);
  const compared = before ? `compared with ${formats.range(dayOf(before.start, timezone), until)}` : "nothing to compare with, for the time is open";
  const unknown = problems.length ? ` The address has ${problems.join(", ")}, which is not understood and left out.` : "";
  find("#period").replaceChildren(el("b", {}, range), ` · ${compared} · days of ${timezone}.${unknown}`);
  find("#as-of").textContent = `Counted on ${formats.instant(asOf, timezone)} (${timezone}).`;
}

function showBreakdowns() {
  const { appointmentStatistics: found } = shown;
  const options = { formats, sort: filter.sort, onsort: sort, onpick: (value) => change({ search: value }) };
  done("source", breakdown("source", found.source, options));
  for (const tab of document.querySelectorAll("[role=tab]")) {
    const selected = tab.id === `tab-${filter.by}`;
    tab.setAttribute("aria-selected", selected);
    tab.tabIndex = selected ? 0 : -1;
  }
  body("utm").setAttribute("aria-labelledby", `tab-${filter.by}`);
  done("utm", breakdown(filter.by, found[filter.by], options));
}

function showIntegrations({ nodes, totalCount }, chosen) {
  const list = nodes.filter((node) => node.config);
  const known = list.some(({ id }) => id === chosen?.id) || !chosen ? list : [...list, chosen];
  filters.integration.replaceChildren(...known.map(({ id, name }) => el("option", { value: id }, name)));
  fill();
  const broken = list.filter((each) => standing(each)[1] === "bad");
  find("#alarm").replaceChildren(...(broken.length ? [alarm(broken)] : []));
  if (!list.length) return done("integrations", notice("No integrations", "Your team has connected none yet, or your key may not see them."));
  const href = ({ id }) => address({ ...filter, integration: id });
  const more = totalCount > list.length && el("p", { class: "quiet" }, `The first ${formats.number(list.length)} of ${formats.number(totalCount)} by name.`);
  done("integrations", el("div", { class: "scroll" }, integrations(list, { formats, href, onexport: download })), more || "");
}

function alarm(broken) {
  const words = broken.length === 1 ? `${broken[0].name} is broken: ${reason(broken[0])}` : `${broken.length} integrations are broken: ${broken.map(({ name }) => name).join(", ")}.`;
  return el("p", { class: "alarm" }, el("span", { "aria-hidden": "true" }, "▲ "), words, " ", el("a", { href: "#integrations" }, "Show and export"));
}

/** Save the export as a file, to the letter: numbers and the order of keys would not survive being read. */
async function download({ id, name }, button) {
  const say = (words) => (find("#said").textContent = words);
  button.disabled = true;
  const { data, errors, text } = await ask(EXPORT, { id });
  button.disabled = false;
  button.parentElement.querySelector(".failure")?.remove();
  if (!data?.integrationExport) {
    button.after(el("p", { class: "failure", role: "alert" }, errors[0].message));
    return;
  }
  const content = text.slice('{"data":{"integrationExport":{"document":'.length, -"}}}".length);
  const href = URL.createObjectURL(new Blob([content], { type: "application/json" }));
  el("a", { href, download: `${id}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
  say(`${name} was exported to ${id}.json.`);
}

/** Show another filter; only what is counted is asked for. */
function change(changes) {
  if (changes.range && changes.range !== "custom") changes = { ...changes, from: "", to: "" };
  filter = { ...filter, ...changes };
  problems = [];
  history.pushState(null, "", address(filter));
  fill();
  load();
}

function sort(key) {
  filter.sort = key;
  history.replaceState(null, "", address(filter));
  showBreakdowns();
  const table = document.activeElement === document.body && find(`#utm [data-sort=${key}]`);
  table?.focus?.();
}

function fill() {
  for (const name of ["integration", "type", "search", "from", "to"]) {
    if (filters[name] !== document.activeElement || name === "integration") filters[name].value = filter[name];
  }
  filters.range.value = filter.range;
  find(".days").hidden = filter.range !== "custom";
}

filters.addEventListener("submit", (event) => event.preventDefault());
filters.addEventListener("change", ({ target: { name, value } }) => {
  if (name === "search") return;
  const days = shown?.appointmentStatistics.trends;
  // The days that are shown are a good start for others.
  if (value === "custom" && name === "range") change({ range: value, from: days?.[0]?.day ?? "", to: days?.at(-1)?.day ?? "" });
  else change({ [name]: value });
});
let pause = null;
filters.search.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(() => filters.search.value !== filter.search && change({ search: filters.search.value }), SEARCH_PAUSE);
});
find("#integrations").addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='?'], a[href^='/']");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  change({ integration: new URLSearchParams(link.search).get("integration") });
  scrollTo({ top: 0 });
});
find("[role=tablist]").addEventListener("click", ({ target }) => target.id && select(target.id.slice("tab-".length)));
find("[role=tablist]").addEventListener("keydown", (event) => {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -tabs.length, End: tabs.length }[event.key];
  if (!step) return;
  event.preventDefault();
  const at = tabs.indexOf(document.activeElement) + step;
  const next = tabs[event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : (at + tabs.length) % tabs.length];
  next.focus();
  select(next.id.slice("tab-".length));
});
function select(by) {
  filter.by = by;
  history.replaceState(null, "", address(filter));
  if (shown?.appointmentStatistics.overview.total) showBreakdowns();
}
addEventListener("popstate", () => {
  [filter, problems] = read(location.search);
  fill();
  load();
});
find("#sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const key = find("#key").value.trim();
  find("#key").value = "";
  find("#refusal").textContent = "";
  try {
    enter(await signIn(key));
  } catch (error) {
    find("#refusal").textContent = error.message;
    find("#key").focus();
  }
});
find("#who button").addEventListener("click", async () => {
  try {
    await signOut();
    signInAt("You are signed out.");
  } catch (error) {
    find("#said").textContent = error.message;
  }
});
for (const [value, words] of Object.entries(APPOINTMENT_TYPES)) filters.type.append(el("option", { value }, words));
begin();
