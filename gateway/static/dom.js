// Builds elements. No data is ever parsed as markup.

import { explain, mayRetry, pauseAfter } from "./sentences.js";

/** Create an element, such as `el("td.number", { title }, "12")`. Skips null and false.
 *
 * Classes are parts too, so that pages can style widgets. An attribute `on…` is an event listener.
 */
export function el(name, ...content) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = element.part = classes.join(" ");
  const attributes = Object.getPrototypeOf(content[0] ?? 0) === Object.prototype ? content.shift() : {};
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...content.flat(2).filter((child) => child || child === 0));
  return element;
}

export const button = (name, onclick, ...content) => el(`button${name}`, { type: "button", onclick }, ...content);

/** Create text for screen readers only. */
export const spoken = (text) => el("span.spoken", text);

/** Create text that screen readers skip. */
export const shape = (text, name = "") => el(`span${name}`, { "aria-hidden": "true" }, text);

/** Create a box that says why there is nothing to show. */
export const notice = (title, why, action) => el("div.notice", el("strong", title), el("p", why), action);

/** Create a box with an error. If the same request may succeed later, it has a button that calls `again`.
 *
 * While the gateway is away, it also calls `again` by itself, and says when.
 */
export function failure(error, again) {
  const retry = again && mayRetry(error) && button(".again", () => again(), "Try again");
  const box = notice("This could not be loaded", explain(error), retry);
  box.classList.add("failure");
  const seconds = pauseAfter(error);
  if (retry && seconds !== null) countDown(retry, seconds, again);
  return box;
}

/** Call `again` after some seconds, unless the user stops it or the button is gone. */
function countDown(retry, seconds, again) {
  const left = shape(` in ${seconds} s`);
  const stop = button(".stop", () => (clearInterval(timer), left.remove(), stop.remove()), "Stop trying");
  const end = Date.now() + seconds * 1000;
  const tick = () => {
    const rest = Math.ceil((end - Date.now()) / 1000);
    if (rest > 0 && retry.isConnected) return (left.textContent = ` in ${rest} s`);
    clearInterval(timer);
    if (retry.isConnected) again();
  };
  const timer = setInterval(tick, 250);
  retry.append(left);
  retry.addEventListener("click", () => clearInterval(timer));
  retry.after(" ", stop);
}

/** Let the browser save a blob as a file. */
export function save(blob, download) {
  const href = URL.createObjectURL(blob);
  el("a", { href, download }).click();
  setTimeout(URL.revokeObjectURL, 60_000, href);
}

/** Load a script that is not a module. */
export const script = (src) =>
  new Promise((onload, onerror) => document.head.append(el("script", { src, onload, onerror })));
