// Builds elements. No data is ever parsed as markup.

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

/** Create a box with an error and a button to try again. */
export function failure({ message, code, errorId }, again) {
  const more = [code, errorId && `error id ${errorId}`].filter(Boolean).join(", ");
  const why = more ? `${message} (${more})` : message;
  const box = notice("This could not be loaded", why, again && button("", () => again(), "Try again"));
  box.classList.add("failure");
  return box;
}

/** Load a script that is not a module. */
export const script = (src) =>
  new Promise((onload, onerror) => document.head.append(el("script", { src, onload, onerror })));
