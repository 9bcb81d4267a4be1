// The values that the user has chosen in breakdowns, each with a button that removes it.

import { button, el, shape, spoken } from "./dom.js";
import { EXACT } from "./filters.js";
import { BREAKDOWNS } from "./formats.js";

/** Return the chips of a filter.
 *
 * `onchange(values)` receives the values of the breakdowns that change. `onask(by)` returns the values that the
 * breakdown has without its own chips, as buckets of the graph.
 */
export function chips(filter, { formats, onchange, onask }) {
  const chosen = EXACT.filter((by) => filter[by].length);
  if (!chosen.length) return [];
  const chip = (by, value) => {
    const remove = () => onchange({ [by]: filter[by].filter((each) => each !== value) });
    const cross = button(".plain", remove, shape("✕"));
    cross.ariaLabel = `Remove ${BREAKDOWNS[by]}: ${value}`;
    return el("li.chip", el("span.quiet", `${BREAKDOWNS[by]} `), el("b", value), cross);
  };
  const group = (by) => {
    const add = button(".plain", () => offer(by, add), "or…", spoken(` another value of ${BREAKDOWNS[by]}`));
    const alternatives = filter[by].flatMap((value, at) => [at ? el("li.quiet", "or") : "", chip(by, value)]);
    return [...alternatives, el("li", add)];
  };
  const offer = async (by, add) => {
    const buckets = (await onask(by)).filter(({ value }) => !filter[by].includes(value));
    const options = buckets.map(({ value, count }) => el("option", { value }, `${value} (${formats.number(count)})`));
    const none = el("option", { value: "" }, buckets.length ? "Choose a value" : "There is no other");
    const onchosen = ({ target: { value } }) => value && onchange({ [by]: [...filter[by], value] });
    const select = el("select", { "aria-label": `Add ${BREAKDOWNS[by]}`, onchange: onchosen }, none, options);
    add.replaceWith(select);
    select.focus();
  };
  const clear = () => onchange(Object.fromEntries(EXACT.map((by) => [by, []])));
  return [el("ul.chips", { "aria-label": "Chosen values" }, chosen.flatMap(group)), button("", clear, "Clear all")];
}
