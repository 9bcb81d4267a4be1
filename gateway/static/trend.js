// Stacked bars of days, drawn by uPlot: pointer and keys read a day, and dragging chooses a span of days.

import { el, script, shape } from "./dom.js";
import { STATES } from "./formats.js";
import { dayTable } from "./views.js";

const LIBRARY = new URL("./vendor/uplot@1.6.32/dist/", import.meta.url);
const NAMES = Object.keys(STATES);
const HEIGHT = 240;
const DAY = 86_400_000;

/** What paints each plot anew. */
const drawn = new Map();
for (const query of ["(prefers-color-scheme: dark)", "print"]) {
  matchMedia(query).addEventListener("change", () => drawn.forEach((paint) => paint()));
}

let library;

/** uPlot, loaded once, by whatever draws first; it leaves no name behind in the page. */
function loaded() {
  const other = window.uPlot;
  const kept = () => {
    const { uPlot } = window;
    window.uPlot = other;
    return uPlot;
  };
  return (library ??= script(`${LIBRARY}uPlot.iife.min.js`).then(kept));
}

/** A figure of `days`, each {day, successful, failed, pending}.
 *
 * `onzoom(first, last)` is told which days were chosen, where it is given.
 */
export function trend(days, { formats, onzoom }) {
  const total = (day) => NAMES.reduce((sum, name) => sum + day[name], 0);
  const said = (of) => NAMES.map((name) => `${formats.number(of[name])} ${STATES[name].toLowerCase()}`).join(", ");
  const sums = Object.fromEntries(NAMES.map((name) => [name, days.reduce((sum, day) => sum + day[name], 0)]));
  const most = days.reduce((one, other) => (total(other) > total(one) ? other : one));
  const range = formats.range(days[0].day, days.at(-1).day);
  const label = `Bookings per day, ${range}: ${said(sums)}. Most on ${formats.day(most.day)}: ${said(most)}.`;
  const plot = el("div.plot", { tabindex: 0, role: "slider", "aria-label": `${label} Arrow keys read the days.` });
  [plot.ariaValueMin, plot.ariaValueMax] = [0, days.length - 1];
  const legend = el("ul.legend");
  // The legend has the sums, or the numbers of the day that the pointer or a key is at.
  const tell = (at) => {
    const of = days[at] ?? sums;
    const count = (name) => [`${STATES[name]} `, el("b", formats.number(of[name]))];
    const named = (name) => el("li", shape("", `.swatch.${name}`), count(name));
    legend.replaceChildren(...NAMES.map(named), el("li.day", days[at] ? formats.day(of.day) : range));
    plot.ariaValueNow = at ?? days.length - 1;
    plot.ariaValueText = days[at] ? `${formats.day(of.day)}: ${said(of)}` : range;
  };
  tell();
  const scrolled = { tabindex: 0, role: "group", "aria-label": "Table of days" };
  const table = el("details", el("summary", "View as table"), el("div.scroll", scrolled, dayTable(days, formats)));
  const style = el("link", { rel: "stylesheet", href: `${LIBRARY}uPlot.min.css` });
  const styled = new Promise((resolve) => (style.onload = style.onerror = resolve));
  Promise.all([loaded(), styled]).then(
    ([Library]) => readable(plot, draw(Library, plot, legend, days, { formats, onzoom, tell })),
    () => (plot.replaceWith(el("p.quiet", "The chart’s library could not be loaded.")), (table.open = true)),
  );
  return el("figure.trend", style, legend, plot, table);
}

function draw(Library, target, legend, days, { formats, onzoom, tell }) {
  let known = null;
  const paint = () => (known ??= palette(legend));
  const at = days.map(({ day }) => Date.parse(day));
  const bars = Library.paths.bars({ size: [0.78, 36] });
  const upTo = (place) => days.map((day) => NAMES.slice(0, place + 1).reduce((sum, name) => sum + day[name], 0));
  const font = `12px ${getComputedStyle(target).fontFamily}`;
  const axis = { stroke: () => paint().text, font, ticks: { show: false } };
  const incrs = [1, 2, 7, 14, 28, 91, 364].map((days) => days * DAY);
  const series = (name) => ({ fill: () => paint()[name], width: 0, paths: bars, points: { show: false } });
  const chosen = ({ select: { left, width }, posToVal }) => {
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
      { ...axis, grid: { stroke: () => paint().line, width: 1 }, size: 40, values: (_, at) => at.map(formats.number) },
    ],
    // The highest is drawn first, and what is below it over that.
    series: [{}, ...NAMES.map(series).reverse()],
    hooks: { setCursor: [({ cursor: { idx, left } }) => tell(left < 0 ? undefined : idx)], setSelect: [chosen] },
  }, [at, ...NAMES.map((_, place) => upTo(place)).reverse()], target);
  const fit = () => target.clientWidth && plot.setSize({ width: target.clientWidth, height: HEIGHT });
  new ResizeObserver(fit).observe(target);
  for (const [old] of drawn) if (!old.root.isConnected) drawn.delete(old), old.destroy();
  drawn.set(plot, () => ((known = null), plot.redraw()));
  return plot;
}

const ARROWS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
const STEPS = { ...ARROWS, PageUp: -7, PageDown: 7, Home: -Infinity, End: Infinity };

/** Lets keys go from day to day. */
function readable(target, plot) {
  const [at, away] = [plot.data[0], { left: -10, top: -10 }];
  target.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const next = (plot.cursor.idx ?? at.length) + STEPS[event.key];
    plot.setCursor({ left: plot.valToPos(at[Math.max(0, Math.min(at.length - 1, next))], "x"), top: 0 });
  });
  target.addEventListener("blur", () => plot.setCursor(away));
}

/** The colours of the legend as they are now. */
function palette(legend) {
  const { color, borderTopColor } = getComputedStyle(legend);
  const of = (name) => getComputedStyle(legend.querySelector(`.${name}`)).backgroundColor;
  const [successful, failed, pending] = NAMES.map(of);
  return { text: color, line: borderTopColor, successful, failed: hatched(failed), pending };
}

/** A colour with light lines. */
function hatched(colour) {
  const size = Math.round(6 * devicePixelRatio);
  const tile = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = tile.getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = "rgb(255 255 255 / 0.45)";
  pen.lineWidth = size / 4;
  for (const offset of [-size, 0, size]) {
    pen.moveTo(offset, size);
    pen.lineTo(offset + size, 0);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}
