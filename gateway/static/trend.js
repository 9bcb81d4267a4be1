// Stacked bars of days, drawn by uPlot: with the pointer or the keys a day is read and a span of days chosen.

import { el, shape } from "./dom.js";
import { STATES } from "./formats.js";
import { dayTable } from "./views.js";

const LIBRARY = new URL("./vendor/uplot@1.6.32/dist/", import.meta.url);
const NAMES = Object.keys(STATES);
const HEIGHT = 240;

let library;

/** uPlot, loaded once, by the first page or widget that draws; it leaves no name behind in the page. */
function loaded() {
  library ??= new Promise((resolve, reject) => {
    const other = window.uPlot;
    const done = () => (resolve(window.uPlot), (window.uPlot = other));
    const failed = () => ((library = null), reject(new Error("The chart’s library could not be loaded.")));
    const src = new URL("uPlot.iife.min.js", LIBRARY).href;
    document.head.append(el("script", { src, crossorigin: "anonymous", onload: done, onerror: failed }));
  });
  return library;
}

/** A figure of `days`, each {day, successful, failed, pending}.
 *
 * `onzoom(first, last)` is told which days were chosen, where it is given. `open` shows the table at once.
 */
export function trend(days, { formats, onzoom }) {
  const sums = Object.fromEntries(NAMES.map((name) => [name, days.reduce((sum, day) => sum + day[name], 0)]));
  const legend = el("ul", { class: "legend", part: "legend" }, NAMES.map((name) =>
    el("li", {}, shape("", { class: `swatch ${name}` }), `${STATES[name]} `, el("b", {}, formats.number(sums[name])))));
  const tip = el("div", { class: "tip", part: "tip", "aria-hidden": "true", hidden: true });
  const plot = el("div", { class: "plot", part: "plot", tabindex: 0, role: "slider", ...slider(days, sums, formats, onzoom) }, tip);
  const table = el("details", { class: "table", part: "details" }, el("summary", {}, "View as table"), el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Table of days" }, dayTable(days, formats)));
  const style = el("link", { rel: "stylesheet", href: new URL("uPlot.min.css", LIBRARY).href });
  const figure = el("figure", { class: "trend", part: "trend" }, style, legend, plot, table);
  const styled = new Promise((resolve) => (style.onload = style.onerror = resolve));
  Promise.all([loaded(), styled]).then(
    ([Library]) => draw(Library, plot, tip, legend, days, { formats, onzoom }),
    (error) => (plot.replaceWith(el("p", { class: "quiet" }, error.message)), (table.open = true)),
  );
  return figure;
}

const total = (day) => NAMES.reduce((sum, name) => sum + day[name], 0);

const reading = (day, formats) =>
  `${formats.day(day.day)}: ${NAMES.map((name) => `${formats.number(day[name])} ${STATES[name].toLowerCase()}`).join(", ")}`;

function slider(days, sums, formats, onzoom) {
  const most = days.reduce((one, other) => (total(other) > total(one) ? other : one));
  const said = NAMES.map((name) => `${formats.number(sums[name])} ${STATES[name].toLowerCase()}`).join(", ");
  const label = `Bookings per day, ${formats.range(days[0].day, days.at(-1).day)}: ${said}. ` +
    `Most on ${formats.day(most.day)}, ${formats.number(total(most))}. ` +
    `Arrow keys read the days${onzoom ? "; with Shift they choose some, and Enter shows only those" : ""}.`;
  const last = days.length - 1;
  return { "aria-label": label, "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": last, "aria-valuetext": reading(days[last], formats) };
}

function draw(Library, target, tip, legend, days, { formats, onzoom }) {
  let paints = null;
  const paint = () => (paints ??= palette(legend));
  const bars = Library.paths.bars({ size: [0.78, 36] });
  const stack = NAMES.map((_, place) => days.map((day) => NAMES.slice(0, place + 1).reduce((sum, name) => sum + day[name], 0)));
  const axis = { stroke: () => paint().text, font: `12px ${getComputedStyle(target).fontFamily}`, ticks: { show: false } };
  const plot = new Library({
    width: target.clientWidth,
    height: HEIGHT,
    padding: [12, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: Boolean(onzoom), y: false, setScale: false } },
    scales: { x: { time: false, range: () => [-0.5, days.length - 0.5] }, y: { range: (_, __, most) => [0, Math.max(most, 4) * 1.08] } },
    axes: [
      { ...axis, grid: { show: false }, size: 28, splits: (self) => marks(days, self.width), values: (_, splits) => splits.map((place) => mark(days, place, formats)) },
      { ...axis, grid: { stroke: () => paint().line, width: 1 }, size: 40, incrs: [1, 2, 5].flatMap((one) => [1, 10, 100, 1e3, 1e4, 1e5].map((ten) => one * ten)).sort((a, b) => a - b), values: (_, splits) => splits.map(formats.number) },
    ],
    // The highest is drawn first, and what is below it over that.
    series: [{}, ...NAMES.toReversed().map((name) => ({ fill: () => paint()[name], width: 0, paths: bars, points: { show: false } }))],
    hooks: {
      setCursor: [(self) => show(self, tip, days, formats)],
      setSelect: [({ select, posToVal }) => select.width > 3 && choose(posToVal(select.left, "x"), posToVal(select.left + select.width, "x"))],
    },
  }, [days.map((_, place) => place), ...stack.toReversed()], target);
  const choose = (from, to) => {
    const last = days.length - 1;
    onzoom(days[Math.max(0, Math.round(from))].day, days[Math.min(last, Math.round(to))].day);
  };
  new ResizeObserver(() => target.clientWidth && plot.setSize({ width: target.clientWidth, height: HEIGHT })).observe(target);
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    matchMedia(query).addEventListener("change", () => ((paints = null), target.isConnected && plot.redraw(false, true)));
  }
  keys(target, plot, days, formats, onzoom && choose);
}

/** Which places along the axis are named: days, Mondays, or the first of months, as many as there is room for. */
function marks(days, width) {
  const every = (is) => days.flatMap(({ day }, place) => (is(new Date(day)) ? [place] : []));
  const room = Math.max(2, Math.floor(width / 64));
  const ways = [every(() => true), every((day) => day.getUTCDay() === 1), every((day) => day.getUTCDate() === 1)];
  const places = ways.find((way) => way.length && way.length <= room) ?? ways.findLast((way) => way.length);
  const step = Math.ceil(places.length / room);
  return places.filter((_, place) => place % step === 0);
}

const mark = (days, place, formats) =>
  days.length > 120 && days[place].day.endsWith("-01") ? formats.month(days[place].day) : formats.short(days[place].day);

function show(plot, tip, days, formats) {
  const { idx, left } = plot.cursor;
  tip.hidden = idx === null || idx === undefined || left < 0;
  if (tip.hidden) return;
  const day = days[idx];
  const line = (name) => el("span", {}, shape("", { class: `swatch ${name}` }), `${STATES[name]} `, el("b", {}, formats.number(day[name])));
  tip.replaceChildren(el("strong", {}, formats.day(day.day)), ...NAMES.map(line));
  const at = plot.over.offsetLeft + plot.valToPos(idx, "x");
  const room = plot.width - tip.offsetWidth;
  tip.style.setProperty("left", `${Math.max(0, Math.min(room, at + (at > plot.width / 2 ? -tip.offsetWidth - 12 : 12)))}px`);
}

/** Reading and choosing days by keys. */
function keys(target, plot, days, formats, choose) {
  let at = days.length - 1;
  let from = null;
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: -7, PageDown: 7, Home: -days.length, End: days.length };
  const move = () => {
    target.setAttribute("aria-valuenow", at);
    target.setAttribute("aria-valuetext", reading(days[at], formats));
    plot.setCursor({ left: plot.valToPos(at, "x"), top: 0 });
    const ends = [from ?? at, at].sort((one, other) => one - other);
    const [left, right] = [ends[0] - 0.5, ends[1] + 0.5].map((place) => plot.valToPos(place, "x"));
    plot.setSelect({ left, width: from === null ? 0 : right - left, top: 0, height: plot.over.offsetHeight }, false);
  };
  target.addEventListener("keydown", (event) => {
    if (event.key in steps) {
      from = event.shiftKey && choose ? (from ?? at) : null;
      at = Math.max(0, Math.min(days.length - 1, at + steps[event.key]));
    } else if (event.key === "Escape") from = null;
    else if (event.key === "Enter" && from !== null) return choose(Math.min(from, at), Math.max(from, at));
    else return;
    event.preventDefault();
    move();
  });
  target.addEventListener("focus", () => target.matches(":focus-visible") && move());
  target.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }));
}

/** The colours of the legend as they are now, those of `failed` and `pending` with a hatch. */
function palette(legend) {
  const colour = (element, property) => getComputedStyle(element).getPropertyValue(property);
  const found = { text: colour(legend, "color"), line: colour(legend, "border-top-color") };
  for (const name of NAMES) found[name] = colour(legend.querySelector(`.${name}`), "background-color");
  return { ...found, failed: hatched(found.failed, "rgb(255 255 255 / 0.45)"), pending: hatched(found.pending, found.line) };
}

function hatched(colour, line) {
  const ratio = devicePixelRatio;
  const size = Math.round(6 * ratio);
  const tile = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = tile.getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = line;
  pen.lineWidth = 1.4 * ratio;
  for (const offset of [-size, 0, size]) {
    pen.moveTo(offset, size);
    pen.lineTo(offset + size, 0);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}
