// The dashboard's section of integrations, and the alarm at the top of the page. Broken integrations come first.

import { button, el, notice, save, shape, spoken } from "./dom.js";
import { integrations, standing } from "./integrations.js";
import { explain } from "./sentences.js";
import { ask } from "./session.js";

const PAGE_SIZE = 20;
const IN_ALARM = 10;
const PAUSE = 350;

// The filters say in the graph's words what `standing` says of one integration.
const LIST = `
query Integrations($search: String!, $size: Int!, $broken: Int!, $others: Int!, $names: Boolean!) {
  broken: integrations(
    filter: {
      kind: [CONNECTED], name: { contains: $search }
      enabled: true, or: [{ hasError: true }, { tokenState: [EXPIRED, MISSING] }]
    }
    orderBy: [{ field: NAME }], first: $size, offset: $broken
  ) { ...Page }
  others: integrations(
    filter: {
      kind: [CONNECTED], name: { contains: $search }
      not: { enabled: true, or: [{ hasError: true }, { tokenState: [EXPIRED, MISSING] }] }
    }
    orderBy: [{ field: NAME }], first: $size, offset: $others
  ) { ...Page }
  names: integrations(filter: { kind: [CONNECTED] }, orderBy: [{ field: NAME }], first: 100) @include(if: $names) {
    nodes { id name }
  }
}
fragment Page on IntegrationConnection {
  totalCount
  nodes { id name ... on ConnectedIntegration {
    status timezone config { provider tokenState expiresAt errorMessage authUserEmail }
  } }
}`;
const NAMES = `query Names($offset: Int!) {
  integrations(filter: { kind: [CONNECTED] }, orderBy: [{ field: NAME }], first: 100, offset: $offset) { nodes { id name } }
}`;
const EXPORT = "query Export($id: ID!) { integrationExport(integrationId: $id) { document } }";

const find = (selector) => document.querySelector(selector);
const [section, alarm, count, search, pages] = ["#integrations", "#alarm", "#broken", "#find", "#pages"].map(find);
const body = section.querySelector(".body");
const [previous, shownPage, next] = pages.children;

/** Create the section. `require` loads it unless it is loaded or loading; `render` shows it again.
 *
 * `href` returns the address of an integration. `onnames` gets all integrations as {id, name}, in the order of names.
 * `onfail` gets an error. `renew` returns a promise of a new session.
 */
export function createSection({ formats, href, onnames, onfail, renew }) {
  let found = null, isShown = false, first = 0, brokenCount = 0, names = null, loading = null;

  const require = () => void (isShown || loading || load());

  async function load() {
    loading?.abort();
    const { signal } = (loading = new AbortController());
    section.ariaBusy = true;
    // The page is a part of a list: all broken ones, then all others.
    const offsets = { broken: Math.min(first, brokenCount), others: Math.max(0, first - brokenCount) };
    const variables = { search: search.value.trim(), size: PAGE_SIZE, ...offsets, names: !names };
    const { data, errors } = await ask(LIST, variables, { signal }).catch(() => ({}));
    if (signal.aborted) return;
    if (errors.some(({ code }) => code === "UNAUTHENTICATED")) return renew().then(load);
    loading = null;
    isShown = Boolean(data?.broken && data.others && (names || data.names));
    if (!isShown) return onfail(errors[0]);
    found = data;
    brokenCount = data.broken.totalCount;
    render();
    if (!variables.search && first === 0) alarm.replaceChildren(...buildAlarm(data.broken));
    if (!names) collectNames(data.names.nodes, brokenCount + data.others.totalCount);
  }

  /** Read the names that one page has no room for. */
  async function collectNames(list, total) {
    names = list;
    onnames(names);
    while (names.length < total) {
      const { data } = await ask(NAMES, { offset: names.length });
      if (!data?.integrations?.nodes.length) return;
      names = [...names, ...data.integrations.nodes];
      onnames(names);
    }
  }

  function render() {
    if (!found) return;
    const total = brokenCount + found.others.totalCount;
    const shown = [...found.broken.nodes, ...found.others.nodes].slice(0, PAGE_SIZE);
    const words = search.value.trim() ? "found are broken" : "broken";
    count.textContent = total ? `${formats.number(brokenCount)} of ${formats.number(total)} ${words}` : "";
    body.replaceChildren(shown.length ? show(shown) : nothing());
    shownPage.textContent = `${first + 1}–${first + shown.length} of ${formats.number(total)}`;
    [previous.disabled, next.disabled] = [first === 0, first + PAGE_SIZE >= total];
    pages.hidden = total <= PAGE_SIZE;
    find("#finding").hidden = pages.hidden && !search.value;
    section.ariaBusy = false;
  }

  const show = (list) => el("div.scroll", integrations(list, { formats, href, onexport: download }));
  const nothing = () =>
    search.value
      ? notice("No integration", `None has a name with “${search.value.trim()}”.`)
      : notice("No integrations", "Your team has not connected an integration yet, or your key may not see any.");

  const turn = (pagesOn) => () => ((first = Math.max(0, first + pagesOn * PAGE_SIZE)), load());
  [previous.onclick, next.onclick] = [turn(-1), turn(1)];
  let typing = null;
  search.oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(() => ((first = 0), load()), PAUSE);
  };
  return { require, render };
}

/** List broken integrations with the reasons. */
function buildAlarm({ nodes, totalCount }) {
  if (!totalCount) return [];
  const lines = nodes.slice(0, IN_ALARM).map((each) => {
    const pressed = button(".plain", () => download(each, pressed), "Export", spoken(` ${each.name}`));
    return el("li", shape("▲ "), el("b", each.name), ` is broken: ${standing(each)[2]} `, pressed);
  });
  const rest = totalCount - lines.length;
  const more = el("a", { href: "#integrations" }, rest ? `Show all, and ${rest} more` : "Show all integrations");
  return [el("div.alarm.panel", el("ul", lines), more)];
}

/** Save an export as a file. Parsing it would change numbers and the order of keys. */
async function download({ id, name }, pressed) {
  pressed.disabled = true;
  const { data, errors, text } = await ask(EXPORT, { id });
  pressed.disabled = false;
  if (pressed.nextElementSibling?.matches(".refused")) pressed.nextElementSibling.remove();
  if (!data?.integrationExport) return pressed.after(el("p.refused", { role: "alert" }, explain(errors[0])));
  const content = text.slice('{"data":{"integrationExport":{"document":'.length, text.lastIndexOf("}}}"));
  save(new Blob([content], { type: "application/json" }), `${id}.json`);
  find("#said").textContent = `${name} was exported to ${id}.json.`;
}
