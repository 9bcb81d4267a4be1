// What all widgets have: attributes that are properties too, a token, a theme, refreshes and events.

import { enqueue } from "./batch.js";
import { el, failure } from "./dom.js";
import { createFormats } from "./formats.js";
import { findScheme, follow, unfollow } from "./theme.js";
import { redraw } from "./trend.js";

const GATEWAY = new URL("/graphql", import.meta.url).href;
const NO_TOKEN = "This widget has no key. The page must set the property `token` by script.";
/** Milliseconds until a widget without a token says so. */
const PATIENCE = 5000;
/** Seconds between automatic refreshes, and the most that errors stretch them to. */
const [MIN_REFRESH, MAX_REFRESH, MAX_PAUSE] = [10, 86_400, 3600];

let hasWarned = false;

const toProperty = (attribute) => attribute.replace(/-./g, (part) => part[1].toUpperCase());
const style = (name) => el("link", { rel: "stylesheet", href: new URL(`./${name}.css`, import.meta.url).href });

/** Create an error of the page that contains the widget. To repeat the query would not help. */
export const fault = (message, name = "INVALID_ATTRIBUTE") => Object.assign(new Error(message), { name });

/** Return the value of an attribute, or null if it is absent or empty. Throws if it is not an allowed one. */
export function choose(attribute, value, allowed) {
  if (!value) return null;
  if (allowed.includes(value)) return value;
  throw fault(`\`${attribute}\` is “${value}”, but must be one of ${allowed.join(", ")}.`);
}

/** Define an element. Each attribute becomes a property that reflects it: `group-by` is `groupBy`. */
export function define(name, element) {
  for (const attribute of element.observedAttributes) {
    const get = function () {
      const value = this.getAttribute(attribute);
      return attribute === "refresh" && value !== null ? Number(value) : value;
    };
    const set = function (value) {
      if ((value ?? null) === null) this.removeAttribute(attribute);
      else this.setAttribute(attribute, value);
    };
    Object.defineProperty(element.prototype, toProperty(attribute), { get, set, configurable: true, enumerable: true });
  }
  if (!customElements.get(name)) customElements.define(name, element);
}

/** A widget. Subclasses have `query()`, which throws if an attribute is wrong, `view(data, formats)` and `total(data)`. */
export class Widget extends HTMLElement {
  static observedAttributes = ["locale", "theme", "refresh", "endpoint"];
  #token = null;
  #content = el("div", el("div.skeleton"));
  #states = this.attachInternals().states;
  #ink;
  #shown;
  #timer;
  #failures = 0;
  queries = 0;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(style("tokens"), style("views"), this.#content);
  }

  connectedCallback() {
    this.#upgrade();
    follow(this, () => this.#paint());
    this.reload();
  }

  disconnectedCallback() {
    unfollow(this);
    clearTimeout(this.#timer);
  }

  attributeChangedCallback(name, before, now) {
    if (before === now) return;
    this.#shown = null;
    if (name === "theme" && this.isConnected) this.#paint();
    this.reload();
  }

  /** The widget key, set by script and never in markup. "" uses the session, on the gateway's own pages. */
  get token() {
    return this.#token;
  }

  set token(token) {
    if (this.#token === (token ?? null)) return;
    this.#token = token ?? null;
    this.reload();
  }

  /** Where to send the query, and with which token. */
  get target() {
    return { endpoint: this.endpoint || GATEWAY, token: this.#token };
  }

  /** Query again, once there is a token. Answers to older queries are ignored. */
  reload() {
    if (!this.isConnected) return;
    this.queries += 1;
    clearTimeout(this.#timer);
    this.setAttribute("aria-busy", "true");
    if (this.#token === null) this.#timer = setTimeout(() => this.#miss(), PATIENCE);
    else enqueue(this);
  }

  /** Throw if an attribute that all widgets have is wrong. */
  check() {
    const { locale, refresh } = this;
    choose("theme", this.theme, ["auto", "light", "dark"]);
    try {
      Intl.getCanonicalLocales(locale || []);
    } catch {
      throw fault(`\`locale\` is “${locale}”, but must be a language such as de or en-GB.`);
    }
    if (refresh !== null && !(refresh >= MIN_REFRESH && refresh <= MAX_REFRESH)) {
      const allowed = `a number of seconds from ${MIN_REFRESH} to ${MAX_REFRESH}`;
      throw fault(`\`refresh\` is “${this.getAttribute("refresh")}”, but must be ${allowed}.`);
    }
  }

  /** Load what the answer did not contain. */
  complete = (data) => data;

  /** Show {data, error}, the answer to the query of this number. */
  async take(number, { data, error }) {
    let event, problem;
    try {
      if (error) throw error;
      const found = await this.complete(data);
      if (number !== this.queries) return;
      this.#show(found);
      event = new CustomEvent("gateway-load", { bubbles: true, detail: this.summarize(found) });
      this.#failures = 0;
    } catch (thrown) {
      if (number !== this.queries) return;
      problem = thrown;
      this.#shown = null;
      this.#failures += 1;
      const { code, errorId, message, name } = problem;
      const again = problem instanceof Error ? null : () => this.reload();
      this.#content.replaceChildren(failure({ code, errorId, message }, again));
      event = new CustomEvent("gateway-error", { bubbles: true, detail: { code: code ?? name, message } });
    }
    this.removeAttribute("aria-busy");
    if (!(problem instanceof Error)) this.#schedule(problem?.retryAfter);
    this.dispatchEvent(event);
  }

  /** Show data, unless that is what the widget shows: a reader of it is not disturbed. */
  #show(found) {
    const text = JSON.stringify(found);
    if (text === this.#shown) return;
    this.#content.replaceChildren(this.view(found, createFormats(this.locale || navigator.language)));
    this.#shown = text;
  }

  #miss() {
    this.take(this.queries, { error: fault(NO_TOKEN, "NO_TOKEN") });
    if (!hasWarned) console.warn(`<${this.localName}> has no key: set its property \`token\` by script.`);
    hasWarned = true;
  }

  /** Plan the next refresh, in `least` seconds or later. Errors double the time until then. */
  #schedule(least = 0) {
    const { refresh } = this;
    if (!refresh) return;
    const seconds = Math.max(least, Math.min(refresh * 2 ** this.#failures, Math.max(refresh, MAX_PAUSE)));
    this.#timer = setTimeout(this.#refresh, seconds * 1000);
  }

  /** Query again as soon as the page is visible. */
  #refresh = () => {
    if (document.hidden) document.addEventListener("visibilitychange", this.#refresh, { once: true });
    else this.reload();
  };

  /** Choose light or dark. A style of the page for this element overrides it. */
  #paint() {
    const scheme = ["light", "dark"].includes(this.theme) ? this.theme : findScheme(this);
    for (const each of ["light", "dark"]) this.#states[each === scheme ? "add" : "delete"](each);
    const { color } = getComputedStyle(this);
    if (this.#ink && color !== this.#ink) redraw();
    this.#ink = color;
  }

  /** Take the properties that the page set before this script was loaded. Some frameworks write them as attributes. */
  #upgrade() {
    for (const attribute of ["token", ...this.constructor.observedAttributes]) {
      const property = toProperty(attribute);
      if (Object.hasOwn(this, property)) {
        const value = this[property];
        delete this[property];
        this[property] = value;
      } else if ((property === "token" || property !== attribute) && this.hasAttribute(property)) {
        const value = this.getAttribute(property);
        this.removeAttribute(property);
        this[property] = value;
      }
    }
  }
}
