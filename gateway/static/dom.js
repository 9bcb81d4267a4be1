// Building what is shown, without markup in strings: nothing that the graph says can become markup.

/** An element such as `el("td.number", { title }, "12")`; attributes may be left out, as may null and false.
 *
 * Its classes are its parts too, for whoever dresses a widget. What begins with `on` is a listener.
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

/** Words for those who listen and do not look. */
export const spoken = (text) => el("span.spoken", text);

/** A shape for those who look and do not listen. */
export const shape = (text, name = "") => el(`span${name}`, { "aria-hidden": "true" }, text);

/** Why there is nothing to show, and what to do about it. */
export const notice = (title, why, action) => el("div.notice", el("strong", title), el("p", why), action);

/** What could not be loaded, why, and a way to try again. */
export function failure({ message, code, errorId }, again) {
  const more = [code, errorId && `error id ${errorId}`].filter(Boolean).join(", ");
  const why = more ? `${message} (${more})` : message;
  const shown = notice("This could not be loaded", why, again && button("", () => again(), "Try again"));
  shown.classList.add("failure");
  return shown;
}

/** Load a script that is no module. */
export function script(src) {
  return new Promise((onload, onerror) => document.head.append(el("script", { src, onload, onerror })));
}
