// Stacked bars of days, weeks or months, drawn by uPlot. Pointer and keys read a bar and choose it; dragging selects several.

import { el, script, shape } from "./dom.js";
import { STATES } from "./formats.js";
import { dayTable } from "./views.js";

const LIBRARY = new URL("./vendor/uplot@1.6.32/dist/", import.meta.url);
const NAMES = Object.keys(STATES);
const HEIGHT = 240;
/** The width on paper: A4 and Letter have this in common. */
const PAPER_WIDTH = 640;
/** How many bars may be between two labels of the axis. */
const INTERVALS = { day: [1, 2, 7, 14, 28, 91, 364, 1092], week: [1, 2, 4, 13, 26, 52, 104, 520], month: [1, 2, 3, 6, 12, 24, 60, 120, 1200] };
/** How many bookings may be between two lines. */
const COUNTS = [0, 1, 2, 3, 4, 5, 6].flatMap((zeros) => [1, 2, 5].map((digit) => digit * 10 ** zeros));

const plots = new Set();
/** Draw all charts again, in their current colours. */
export const redraw = () => plots.forEach((plot) => plot.redraw());

for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redraw);
addEventListener("beforeprint", () => {
  for (const plot of plots) {
    plot.setSize({ width: PAPER_WIDTH, height: HEIGHT });
    const table = plot.root.closest("figure").querySelector("details");
    table.dataset.wasOpen = table.open;
    table.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const plot of plots) {
    plot.setSize({ width: plot.root.parentElement.clientWidth, height: HEIGHT });
    const table = plot.root.closest("figure").querySelector("details");
    table.open = table.dataset.wasOpen === "true";
  }
});

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

/** Show a chart of `days`, each {day, successful, failed, pending} and, if it is longer than a day, its `last` day.
 *
 * `by` is "day", "week" or "month". `before`, if given, has the {first, last, total} that each bar is compared with.
 * `onzoom(first, last)`, if given, receives the bars that the user selects.
 */
export function trend(days, { formats, onzoom, by = "day", before }) {
  const total = (day) => NAMES.reduce((sum, name) => sum + day[name], 0);
  const words = (of) => NAMES.map((name) => `${formats.number(of[name])} ${STATES[name].toLowerCase()}`).join(", ");
  const sums = Object.fromEntries(NAMES.map((name) => [name, days.reduce((sum, day) => sum + day[name], 0)]));
  const most = days.reduce((one, other) => (total(other) > total(one) ? other : one));
  const range = formats.range(days[0].day, days.at(-1).last ?? days.at(-1).day);
  const beforeAll = before?.reduce((sum, each) => sum + (each?.total ?? 0), 0);
  const label = `Bookings per ${by}, ${range}: ${words(sums)}. Most: ${formats.period(most, by)}, ${words(most)}.`;
  const keys = ` Arrow keys read the bars.${onzoom ? " Enter shows one alone." : ""}`;
  const plot = el("div.plot", { tabindex: 0, role: "slider", "aria-label": label + keys });
  [plot.ariaValueMin, plot.ariaValueMax] = [0, days.length - 1];
  const legend = el("ul.legend");
  // Show the numbers of one bar, or the sums.
  const tell = (at) => {
    const of = days[at] ?? sums;
    const day = days[at] ? formats.period(of, by) : range;
    const count = (name) =>
      el("li", shape("", `.state.swatch.${name}`), `${STATES[name]} `, el("b", formats.number(of[name])));
    const beside = days[at] ? before?.[at] : before && { total: beforeAll };
    const when = beside?.first && ` (${formats.range(beside.first, beside.last)})`;
    const compared = beside && el("li", shape("", ".line.swatch"), "All before ", el("b", formats.number(beside.total)), when);
    legend.replaceChildren(...NAMES.map(count), compared ?? "", el("li.day", day));
    plot.ariaValueNow = at ?? days.length - 1;
    const comparison = beside?.first ? `; ${formats.number(beside.total)} before${when}` : "";
    plot.ariaValueText = days[at] ? `${day}: ${words(of)}${comparison}` : range;
  };
  tell();
  const scrolled = { tabindex: 0, role: "group", "aria-label": `Table of ${by}s` };
  const table = el("details", el("summary", "View as table"), el("div.scroll", scrolled, dayTable(days, formats, { by, before })));
  const style = el("link", { rel: "stylesheet", href: `${LIBRARY}uPlot.min.css` });
  const styled = new Promise((resolve) => (style.onload = style.onerror = resolve));
  const choose = onzoom && ((first, last) => onzoom(days[first].day, days[last].last ?? days[last].day));
  Promise.all([load(), styled]).then(
    ([Library]) => addKeys(plot, draw(Library, plot, legend, days, { formats, by, before, choose, tell }), choose),
    () => (plot.replaceWith(el("p.quiet", "The chart could not be loaded.")), (table.open = true)),
  );
  return el("figure.trend", style, legend, plot, table);
}

function draw(Library, target, legend, days, { formats, by, before, choose, tell }) {
  let colours;
  const at = days.map((_, index) => index);
  const bars = Library.paths.bars({ size: [0.78, 36] });
  const sumTo = (_, last) => days.map((day) => NAMES.slice(0, last + 1).reduce((sum, name) => sum + day[name], 0));
  const font = `12px ${getComputedStyle(target).fontFamily}`;
  const axis = { stroke: () => colours.text, font, ticks: { show: false } };
  // Bars have a border, since two colours of a stack may be similarly bright. Thin bars would be all border.
  const border = target.clientWidth / days.length > 6 ? 1 : 0;
  const series = (name) => ({
    fill: () => colours[name], stroke: () => colours.surface, width: border, paths: bars, points: { show: false },
  });
  const line = { stroke: () => colours.ink, width: 1.5, dash: [5, 4], points: { show: false } };
  const spansYears = days[0].day.slice(0, 4) !== days.at(-1).day.slice(0, 4);
  // The first label of each year has the year in a second line.
  const nameTicks = (_, ticks) => {
    let known = null;
    return ticks.map((index) => {
      const { day } = days[index];
      const isNew = spansYears && day.slice(0, 4) !== known;
      known = day.slice(0, 4);
      return formats.tick(day, by) + (isNew ? `\n${formats.year(day)}` : "");
    });
  };
  const indexAt = (position, { posToVal }) => Math.max(0, Math.min(at.length - 1, Math.round(posToVal(position, "x"))));
  const isWide = ({ select: { width } }) => width > 3;
  const onSelect = (plot) => {
    const { left, width } = plot.select;
    if (isWide(plot)) choose(indexAt(left, plot), indexAt(left + width - 1, plot));
  };
  // A click with a trembling hand is no selection.
  const click = (plot, event) => isWide(plot) && event.stopPropagation();
  const plot = new Library({
    width: target.clientWidth,
    height: HEIGHT,
    padding: [12, 22, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: Boolean(choose), y: false, setScale: false, click } },
    scales: {
      x: { time: false, range: () => [-0.5, at.length - 0.5] },
      y: { range: (_self, _least, most) => [0, Math.max(most, 8) * 1.08] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: spansYears ? 44 : 28, space: 64, incrs: INTERVALS[by], values: nameTicks },
      { ...axis, grid: { stroke: () => colours.line, width: 1 }, size: 40, incrs: COUNTS, values: (_, at) => at.map(formats.number) },
    ],
    // Draw the highest bars first; lower ones cover them.
    series: [{}, ...NAMES.map(series).reverse(), ...(before ? [line] : [])],
    hooks: {
      drawClear: [() => (colours = readColours(legend))],
      setCursor: [({ cursor: { idx, left } }) => tell(left < 0 ? undefined : idx)],
      setSelect: [onSelect],
    },
  }, [at, ...NAMES.map(sumTo).reverse(), ...(before ? [before.map((each) => each?.total ?? null)] : [])], target);
  if (choose) plot.over.onclick = () => plot.cursor.idx != null && choose(plot.cursor.idx, plot.cursor.idx);
  const fit = () => target.clientWidth && plot.setSize({ width: target.clientWidth, height: HEIGHT });
  new ResizeObserver(fit).observe(target);
  for (const old of plots) if (!old.root.isConnected) plots.delete(old), old.destroy();
  plots.add(plot);
  return plot;
}

const STEPS = { ArrowLeft: -1, ArrowDown: -1, PageUp: -7, Home: -Infinity, ArrowRight: 1, ArrowUp: 1, PageDown: 7, End: Infinity };

function addKeys(target, plot, choose) {
  const [at] = plot.data;
  target.onkeydown = (event) => {
    const { idx } = plot.cursor;
    if (event.key === "Enter" && choose && idx != null) return choose(idx, idx);
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const next = (idx ?? at.length) + STEPS[event.key];
    plot.setCursor({ left: plot.valToPos(Math.max(0, Math.min(at.length - 1, next)), "x"), top: 0 });
  };
  target.onblur = () => plot.setCursor({ left: -10, top: -10 });
}

/** Read the current colours from the legend. */
function readColours(legend) {
  const { color, borderTopColor, borderBottomColor } = getComputedStyle(legend);
  const of = (name) => getComputedStyle(legend.querySelector(`.${name}`)).backgroundColor;
  const [successful, failed, pending] = NAMES.map(of);
  const ink = getComputedStyle(legend.parentElement).color;
  const [text, line, surface] = [color, borderTopColor, borderBottomColor];
  return { text, ink, line, surface, successful, failed: hatch(failed), pending };
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
