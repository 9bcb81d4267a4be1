// Builds the parts of the dashboard and the widgets from GraphQL data.

import { button, el, shape, spoken } from "./dom.js";
import { BREAKDOWNS, STATES, WITHOUT } from "./formats.js";

const CARDS = [
  { title: "Bookings", read: ({ total }) => total, better: 0, state: "" },
  { title: "Successful", read: ({ successful }) => successful, better: 1, state: "successful" },
  { title: "Failed", read: ({ failed }) => failed, better: -1, state: "failed" },
  { title: "Pending", read: ({ total, successful, failed }) => total - successful - failed, better: 0, state: "pending" },
  { title: "Success rate", read: ({ successful, failed }) => divide(successful, successful + failed), share: true, better: 1 },
];

const divide = (part, whole) => (whole ? part / whole : null);

/** Show the numbers of a period, compared with another period.
 *
 * `onopen(state, title)`, if given, shows the bookings behind a number; the state "" stands for all.
 */
export function cards({ overview, previousPeriod }, formats, { onopen } = {}) {
  const before = previousPeriod?.overview;
  const card = (each) => {
    const now = each.read(overview);
    const value = now === null ? "–" : (each.share ? formats.percent : formats.number)(now);
    const open = onopen && now > 0 && each.state !== undefined && button(".plain.open", () => onopen(each.state, each.title), value);
    if (open) open.ariaLabel = `${value}: show ${each.state} bookings`.replace("  ", " ");
    const against = before && el("dd", change(each, now, each.read(before), formats));
    const about = each.share && el("dd.change", "of decided bookings");
    return el("div.card.panel", el("dt", each.title), el("dd.value", open || value), against || about, against && about);
  };
  return el("dl.cards", CARDS.map(card));
}

function change({ better, share }, now, before, { number, percent }) {
  if (now === null || (!before && before !== now)) return el("span.change", "nothing to compare with");
  const from = ` from ${(share ? percent : number)(before)}`;
  const more = now - before;
  if (!more) return el("span.change", "no change", from);
  const size = Math.abs(more);
  const much = share ? `${number(Math.round(size * 1000) / 10)} pts` : percent(size / before);
  const kind = better ? (more * better > 0 ? ".good" : ".bad") : "";
  const moved = el("b", shape(more > 0 ? "▲ " : "▼ "), much, spoken(more > 0 ? " more" : " less"));
  return el(`span.change${kind}`, moved, from);
}

export const table = (name, caption, columns, rows) =>
  el(`table.${name}`, el("caption.spoken", caption), el("thead", el("tr", columns)), el("tbody", rows));
export const column = (content, name = "") => el(`th${name}`, { scope: "col" }, content);
export const titled = (...content) => el("th", { scope: "row" }, ...content);
export const numeric = (...content) => el("td.number", ...content);

/** Show bookings and failures of each value, and mark values that fail clearly more often than usual.
 *
 * `sort` is "count" or "failed". `onsort(sort)` and `onpick(by, value)` may be missing.
 */
export function breakdown(by, buckets, { formats, sort = "count", onsort, onpick }) {
  const rows = buckets.toSorted((one, other) => other[sort] - one[sort] || other.count - one.count);
  const sum = (key) => rows.reduce((all, each) => all + each[key], 0);
  const most = Math.max(...rows.map(({ count }) => count));
  const usual = sum("failed") / (sum("failed") + sum("successful"));
  const sortable = (key, words) => {
    const cell = column(onsort ? button(`.plain.by-${key}`, () => onsort(key), words) : words, ".number");
    if (sort === key) cell.append(shape(" ↓")), (cell.ariaSort = "descending");
    return cell;
  };
  const name = (value) => {
    const kind = WITHOUT.includes(value) ? ".quiet" : "";
    if (onpick) return button(`.plain${kind}.pick`, () => onpick(by, value), value);
    return kind ? el("span.quiet", value) : value;
  };
  const piece = ([state, count]) => {
    const bar = el(`i.state.${state}`);
    bar.style.width = `${(100 * count) / most}%`;
    return bar;
  };
  const row = ({ value, count, failed, successful }) => {
    const states = { successful, failed, pending: count - successful - failed };
    const rate = divide(failed, successful + failed);
    const share = rate === null ? "–" : formats.percent(rate);
    const isHigh = failed >= 3 && rate > 1.5 * usual;
    return el(
      "tr",
      titled(name(value), el("span.bar", Object.entries(states).map(piece))),
      numeric(formats.number(count)),
      numeric(formats.number(failed)),
      isHigh ? el("td.number.failing", shape("▲ "), share, spoken(", more than usual")) : el("td.number.quiet", share),
    );
  };
  const numbers = [sortable("count", "Bookings"), sortable("failed", "Failed"), column("Failed %", ".number")];
  const title = column(BREAKDOWNS[by] + (rows[99] ? ", the first 100" : ""));
  return table("breakdown", `Bookings by ${BREAKDOWNS[by]}`, [title, numbers], rows.map(row));
}

/** Show the days of a trend as a table. `by` is "day", "week" or "month"; `before` has what each is compared with. */
export function dayTable(days, formats, { by = "day", before } = {}) {
  const cells = (day, at) => [
    ...Object.keys(STATES).map((state) => numeric(formats.number(day[state]))),
    before && numeric(before[at] ? formats.number(before[at].total) : "–"),
  ];
  const name = { day: "Day", week: "Week", month: "Month" }[by];
  const numbers = [...Object.values(STATES), before && "All before"].filter(Boolean);
  const columns = [column(name), numbers.map((title) => column(title, ".number"))];
  const rows = days.map((day, at) => el("tr", titled(formats.period(day, by)), cells(day, at)));
  return table("days", `Bookings per ${by}`, columns, rows);
}
