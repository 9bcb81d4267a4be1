// Building what is shown, without markup in strings: nothing that the graph says can become markup.

/** An element. Attributes that begin with `on` are listeners; what is null or false is left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [property, set] of Object.entries(value)) element.style.setProperty(property, set);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Words for those who listen and not for those who look. */
export const spoken = (text) => el("span", { class: "spoken" }, text);

/** A shape for those who look and not for those who listen. */
export const shape = (text, attributes = {}) => el("span", { "aria-hidden": "true", ...attributes }, text);

/** Why there is nothing to show: what happened, why, and what to do about it. */
export function notice(title, why, action = null, kind = "empty") {
  const attributes = { class: `notice ${kind}`, part: kind, role: kind === "failure" ? "alert" : null };
  return el("div", attributes, el("strong", {}, title), why && el("p", {}, why), action);
}

/** What the graph refused or could not do, with a way to try again. */
export function failure({ message, code, errorId }, again) {
  const more = [code && `Code ${code}`, errorId && `error id ${errorId}`].filter(Boolean).join(", ");
  const retry = again && el("button", { type: "button", onclick: again }, "Try again");
  return notice("This could not be loaded", [message, more && ` (${more})`].filter(Boolean).join(""), retry, "failure");
}
