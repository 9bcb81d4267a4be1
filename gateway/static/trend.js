// Stacked bars of days, drawn by uPlot. Pointer and keys read a day; dragging selects days.

import { el, script, shape } from "./dom.js";
import { STATES } from "./formats.js";
import { dayTable } from "./views.js";

const LIBRARY = new URL("./vendor/uplot@1.6.32/dist/", import.meta.url);
const NAMES = Object.keys(STATES);
const HEIGHT = 240;
const DAY = 86_400_000;

const plots = new Set();
for (const query of ["(prefers-color-scheme: dark)", "print"]) {
  matchMedia(query).addEventListener("change", () => plots.forEach((plot) => plot.redraw()));
}

let library;

/** Load uPlot once. It leaves no global name in the page. */
function load() {
  const { uPlot: other } = window;
  return (library ??= script(`${LIBRARY}uPlot.iife.min.js`).then(() => {
    const { uPlot } = window;
    window.uPlot = other;
    return uPlot;
  }));
}

/** Show a chart of `days`, each {day, successful, failed, pending}.
 *
 * `onzoom(first, last)`, if given, receives the days that the user selects.
 */
export function trend(days, { formats, onzoom }) {
  const total = (day) => NAMES.reduce((sum, name) => sum + day[name], 0);
  const words = (of) => NAMES.map((name) => `${formats.number(of[name])} ${STATES[name].toLowerCase()}`).join(", ");
  const sums = Object.fromEntries(NAMES.map((name) => [name, days.reduce((sum, day) => sum + day[name], 0)]));
  const most = days.reduce((one, other) => (total(other) > total(one) ? other : one));
  const range = formats.range(days[0].day, days.at(-1).day);
  const label = `Bookings per day, ${range}: ${words(sums)}. Most on ${formats.day(most.day)}: ${words(most)}.`;
  const plot = el("div.plot", { tabindex: 0, role: "slider", "aria-label": `${label} Arrow keys read the days.` });
  [plot.ariaValueMin, plot.ariaValueMax] = [0, days.length - 1];
  const legend = el("ul.legend");
  // Show the numbers of one day, or the sums.
  const tell = (at) => {
    const of = days[at] ?? sums;
    const day = days[at] ? formats.day(of.day) : range;
    const count = (name) =>
      el("li", shape("", `.state.swatch.${name}`), `${STATES[name]} `, el("b", formats.number(of[name])));
    legend.replaceChildren(...NAMES.map(count), el("li.day", day));
    plot.ariaValueNow = at ?? days.length - 1;
    plot.ariaValueText = days[at] ? `${day}: ${words(of)}` : range;
  };
  tell();
  const scrolled = { tabindex: 0, role: "group", "aria-label": "Table of days" };
  const table = el("details", el("summary", "View as table"), el("div.scroll", scrolled, dayTable(days, formats)));
  const style = el("link", { rel: "stylesheet", href: `${LIBRARY}uPlot.min.css` });
  const styled = new Promise((resolve) => (style.onload = style.onerror = resolve));
  Promise.all([load(), styled]).then(
    ([Library]) => addKeys(plot, draw(Library, plot, legend, days, { formats, onzoom, tell })),
    () => (plot.replaceWith(el("p.quiet", "The chart could not be loaded.")), (table.open = true)),
  );
  return el("figure.trend", style, legend, plot, table);
}

function draw(Library, target, legend, days, { formats, onzoom, tell }) {
  let colours;
  const at = days.map(({ day }) => Date.parse(day));
  const bars = Library.paths.bars({ size: [0.78, 36] });
  const sumTo = (_, last) => days.map((day) => NAMES.slice(0, last + 1).reduce((sum, name) => sum + day[name], 0));
  const font = `12px ${getComputedStyle(target).fontFamily}`;
  const axis = { stroke: () => colours.text, font, ticks: { show: false } };
  const incrs = [1, 2, 7, 14, 28, 91, 364].map((days) => days * DAY);
  const series = (name) => ({ fill: () => colours[name], width: 0, paths: bars, points: { show: false } });
  const onSelect = ({ select: { left, width }, posToVal }) => {
    const day = (position) => new Date(posToVal(position, "x") + DAY / 2).toISOString().slice(0, 10);
    if (width > 3) onzoom(day(left), day(left + width - 1));
  };
  const plot = new Library({
    width: target.clientWidth,
    height: HEIGHT,
    padding: [12, 22, 0, 0],
    legend: { show: false },
    ms: 1,
    tzDate: (at) => Library.tzDate(new Date(at), "UTC"),
    cursor: { y: false, points: { show: false }, drag: { x: Boolean(onzoom), y: false, setScale: false } },
    scales: {
      x: { range: () => [at[0] - DAY / 2, at.at(-1) + DAY / 2] },
      y: { range: (_self, _least, most) => [0, Math.max(most, 8) * 1.08] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 64, incrs, values: (_, at) => at.map(formats.short) },
      { ...axis, grid: { stroke: () => colours.line, width: 1 }, size: 40, values: (_, at) => at.map(formats.number) },
    ],
    // Draw the highest bars first; lower ones cover them.
    series: [{}, ...NAMES.map(series).reverse()],
    hooks: {
      drawClear: [() => (colours = readColours(legend))],
      setCursor: [({ cursor: { idx, left } }) => tell(left < 0 ? undefined : idx)],
      setSelect: [onSelect],
    },
  }, [at, ...NAMES.map(sumTo).reverse()], target);
  const fit = () => target.clientWidth && plot.setSize({ width: target.clientWidth, height: HEIGHT });
  new ResizeObserver(fit).observe(target);
  for (const old of plots) if (!old.root.isConnected) plots.delete(old), old.destroy();
  plots.add(plot);
  return plot;
}

const STEPS = { ArrowLeft: -1, ArrowDown: -1, PageUp: -7, Home: -Infinity, ArrowRight: 1, ArrowUp: 1, PageDown: 7, End: Infinity };

function addKeys(target, plot) {
  const [at] = plot.data;
  target.onkeydown = (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const next = (plot.cursor.idx ?? at.length) + STEPS[event.key];
    plot.setCursor({ left: plot.valToPos(at[Math.max(0, Math.min(at.length - 1, next))], "x"), top: 0 });
  };
  target.onblur = () => plot.setCursor({ left: -10, top: -10 });
}

/** Read the current colours from the legend. */
function readColours(legend) {
  const { color, borderTopColor } = getComputedStyle(legend);
  const of = (name) => getComputedStyle(legend.querySelector(`.${name}`)).backgroundColor;
  const [successful, failed, pending] = NAMES.map(of);
  return { text: color, line: borderTopColor, successful, failed: hatch(failed), pending };
}

/** Return a pattern of a colour with light lines. */
function hatch(colour) {
  const size = Math.round(6 * devicePixelRatio);
  const pen = new OffscreenCanvas(size, size).getContext("2d");
  pen.scale(size, size);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  pen.strokeStyle = "rgb(255 255 255 / 0.45)";
  pen.lineWidth = 0.25;
  pen.stroke(new Path2D("M-1 1L0 0M0 1L1 0M1 1L2 0"));
  return pen.createPattern(pen.canvas, "repeat");
}
