// Two inputs of days, which apply once both are right. People type a day digit by digit.

import { isPair } from "./filters.js";

const PAUSE = 700;
const FIRST = "1970-01-01";

/** Call `onpair(first, last, isContinued)` when the user has chosen other days in the inputs of a fieldset.
 *
 * `isContinued` is true from the second pair of days on until the inputs lose the focus.
 * `today()` returns the last day that the user may choose. Return a function that shows two days, and clears the rest.
 */
export function watchDays(fieldset, { formats, today, onpair }) {
  const inputs = [...fieldset.querySelectorAll("input")];
  const problem = fieldset.querySelector("[role=alert]");
  let [shown, isContinued, timer] = ["", false, null];

  const read = () => inputs.map(({ value }) => value);
  const show = (sentence) => {
    problem.textContent = sentence;
    for (const input of inputs) input.ariaInvalid = String(Boolean(sentence));
  };
  const explain = () => {
    const [first, last] = read();
    if (inputs.some(({ validity }) => validity.badInput)) return "One of the days is incomplete, or does not exist.";
    if (inputs.some(({ validity }) => !validity.valid && !validity.valueMissing)) {
      return `Choose days from ${formats.range(FIRST, FIRST)} to ${formats.range(today(), today())}.`;
    }
    if (!first || !last) return "Choose both days.";
    return isPair(first, last) ? "" : "The first day is after the last day. Choose an earlier first day.";
  };
  const apply = () => {
    clearTimeout(timer);
    show(explain());
    if (problem.textContent || read().join() === shown) return;
    shown = read().join();
    onpair(...read(), isContinued);
    isContinued = true;
  };
  fieldset.oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(apply, PAUSE);
  };
  fieldset.onkeydown = ({ key }) => {
    if (key === "Enter") apply();
  };
  fieldset.onfocusout = ({ relatedTarget }) => {
    if (!fieldset.contains(relatedTarget)) isContinued = false;
  };
  return (first, last) => {
    if (fieldset.contains(document.activeElement)) return;
    clearTimeout(timer);
    show("");
    // Setting a bound while the user types would disturb the browser's input.
    for (const input of inputs) [input.min, input.max] = [FIRST, today()];
    [inputs[0].value, inputs[1].value, shown] = [first, last, [first, last].join()];
  };
}
