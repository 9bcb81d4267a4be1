// What the dashboard and the widgets show: each function turns data of the graph into elements.

import { el, shape, spoken } from "./dom.js";
import { BREAKDOWNS, STATES, WITHOUT } from "./formats.js";

const rate = ({ total, successful }) => (total ? successful / total : null);

const CARDS = [
  { title: "Bookings", read: ({ total }) => total, better: 0 },
  { title: "Successful", read: ({ successful }) => successful, better: 1 },
  { title: "Failed", read: ({ failed }) => failed, better: -1 },
  { title: "Success rate", read: rate, better: 1, share: true },
];

/** The numbers of a period, each against the period before. */
export function cards({ overview, previousPeriod }, formats) {
  const before = previousPeriod?.overview;
  return el("dl", { class: "cards", part: "cards" }, CARDS.map((card) => {
    const now = card.read(overview);
    const shown = now === null ? "–" : card.share ? formats.percent(now) : formats.number(now);
    return el(
      "div",
      { class: "card", part: "card" },
      el("dt", { part: "label" }, card.title),
      el("dd", { class: "value", part: "value" }, shown),
      before && el("dd", { part: "change" }, change(card, now, card.read(before), formats)),
    );
  }));
}

function change({ better, share }, now, before, formats) {
  if (before === null || now === null) return el("span", { class: "change" }, "nothing before to compare with");
  const was = share ? formats.percent(before) : formats.number(before);
  const moved = now - before;
  if (!moved) return el("span", { class: "change" }, shape("＝ "), `as before: ${was}`);
  const much = share ? formats.number(Math.round(Math.abs(moved) * 1000) / 10) + " points" :
    before ? formats.percent(Math.abs(moved) / before) : formats.number(moved);
  const good = better && (moved > 0 === better > 0 ? "good" : "bad");
  return el(
    "span",
    { class: `change ${good || ""}` },
    el("b", {}, shape(moved > 0 ? "▲ " : "▼ "), much, spoken(moved > 0 ? " more" : " less")),
    ` from ${was}`,
  );
}

/** What bookings were made by: values with how many there are of each, and how many of those failed.
 *
 * `sort` is "count" or "failed"; `onsort` and `onpick` are told what is clicked, where they are given.
 */
export function breakdown(by, buckets, { formats, sort = "count", onsort, onpick, shown = 10 }) {
  const rows = buckets.toSorted((one, other) => other[sort] - one[sort] || other.count - one.count);
  const most = Math.max(1, ...rows.map(({ count }) => count));
  const header = (key, words) => {
    const sorted = sort === key ? "descending" : null;
    const button = onsort && el("button", { type: "button", "data-sort": key, onclick: () => onsort(key) }, words);
    return el("th", { scope: "col", class: "number", "aria-sort": sorted }, button ?? words, sorted && shape(" ↓"));
  };
  const row = ({ value, count, failed, successful }) => {
    const pick = onpick && !WITHOUT.has(value);
    const name = pick ? el("button", { type: "button", class: "pick", title: `Search for ${value}`, onclick: () => onpick(value) }, value) : el("span", { class: WITHOUT.has(value) ? "quiet" : null }, value);
    const share = (part) => `${(100 * part) / most}%`;
    const bar = el("span", { class: "bar", "aria-hidden": "true" },
      el("i", { class: "successful", style: { width: share(successful) } }),
      el("i", { class: "failed", style: { width: share(failed) } }),
      el("i", { class: "pending", style: { width: share(count - successful - failed) } }));
    return el(
      "tr",
      { part: "row" },
      el("th", { scope: "row", part: "value" }, name, bar),
      el("td", { class: "number" }, formats.number(count)),
      el("td", { class: failed ? "number failing" : "number quiet" }, formats.number(failed)),
      el("td", { class: "number quiet" }, formats.percent(failed / count)),
    );
  };
  const table = (part) => el(
    "table",
    { class: "breakdown", part: "table" },
    el("caption", { class: "spoken" }, `Bookings by ${BREAKDOWNS[by]}`),
    el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, BREAKDOWNS[by]),
      header("count", "Bookings"),
      header("failed", "Failed"),
      el("th", { scope: "col", class: "number" }, "Rate", spoken(" of failures")))),
    el("tbody", {}, part.map(row)),
  );
  if (rows.length <= shown) return table(rows);
  const box = el("div", {}, table(rows.slice(0, shown)));
  const all = () => box.replaceChildren(table(rows));
  box.append(el("button", { type: "button", class: "plain", onclick: all }, `Show all ${formats.number(rows.length)}`));
  return box;
}

const TOKENS = {
  VALID: ["valid", "good", "●"],
  EXPIRING_SOON: ["expires soon", "wait", "◆"],
  EXPIRED: ["expired", "bad", "▲"],
  MISSING: ["missing", "bad", "▲"],
};

/** How an integration stands: [words, kind, shape]. */
export function standing({ status, config }) {
  if (status === "INACTIVE") return ["Switched off", "off", "○"];
  if (config.errorMessage || ["EXPIRED", "MISSING"].includes(config.tokenState)) return ["Broken", "bad", "▲"];
  return config.tokenState === "EXPIRING_SOON" ? ["Expires soon", "wait", "◆"] : ["Working", "good", "●"];
}

/** Why an integration is broken, in words; null when it is not. */
export function reason(integration) {
  const { errorMessage, tokenState } = integration.config;
  if (standing(integration)[1] !== "bad") return null;
  return errorMessage ?? `The access token is ${TOKENS[tokenState][0]}: connect the account again.`;
}

const ORDER = ["bad", "wait", "good", "off"];

/** Connected integrations, the broken ones first; `onexport` exports one, where it is given. */
export function integrations(list, { formats, href, onexport }) {
  const place = (integration) => ORDER.indexOf(standing(integration)[1]);
  const sign = (kind, drawn, words) => el("span", { class: `sign ${kind}` }, shape(`${drawn} `), words);
  const row = (each) => {
    const [words, kind, drawn] = standing(each);
    const [state, tokenKind, tokenShape] = TOKENS[each.config.tokenState];
    const { expiresAt, provider, authUserEmail } = each.config;
    const why = reason(each);
    const ends = expiresAt && formats.instant(expiresAt, each.timezone);
    const past = each.config.tokenState === "EXPIRED";
    const button = onexport && el("button", { type: "button", "aria-label": `Export ${each.name}`, onclick: (event) => onexport(each, event.currentTarget) }, "Export");
    const name = href ? el("a", { href: href(each) }, each.name) : el("span", {}, each.name);
    return el(
      "tr",
      { class: kind, part: `row ${kind}` },
      el("th", { scope: "row" }, name, el("small", {}, [capital(provider), authUserEmail].filter(Boolean).join(" · "))),
      el("td", {}, sign(kind, drawn, words), why && el("p", { class: "why", part: "error" }, why)),
      el("td", {}, sign(tokenKind, tokenShape, `Token ${state}`), ends && el("small", {}, `${past ? "since" : "until"} ${ends}`)),
      button && el("td", { class: "number" }, button),
    );
  };
  return el(
    "table",
    { class: "integrations", part: "table" },
    el("caption", { class: "spoken" }, "Connected integrations, the broken ones first"),
    el("thead", {}, el("tr", {}, ["Integration", "Status", "Token"].map((words) => el("th", { scope: "col" }, words)), onexport && el("th", { scope: "col" }, spoken("Export")))),
    el("tbody", {}, list.toSorted((one, other) => place(one) - place(other)).map(row)),
  );
}

const capital = (word) => word.charAt(0) + word.slice(1).toLowerCase();

/** The days of a trend as a table. */
export function dayTable(days, formats) {
  return el(
    "table",
    { class: "days", part: "table" },
    el("caption", { class: "spoken" }, "Bookings per day"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Day"), Object.values(STATES).map((state) => el("th", { scope: "col", class: "number" }, state)))),
    el("tbody", {}, days.map((each) => el("tr", {}, el("th", { scope: "row" }, formats.day(each.day)), Object.keys(STATES).map((state) => el("td", { class: "number" }, formats.number(each[state])))))),
  );
}
