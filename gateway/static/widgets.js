// Numbers of the gateway on other people's pages: custom elements that ask together, in one request.

import { el, failure, notice } from "/static/dom.js";
import { BREAKDOWNS, Formats, RANGES, english } from "/static/formats.js";
import { ask } from "/static/session.js";
import { trend } from "/static/trend.js";
import { breakdown, cards, integrations } from "/static/views.js";

const HOME = new URL("/graphql", import.meta.url).href;
const TYPES = ["NP", "F_U", "ASC_FU", "FU_TELE", "PROCEDURE", "PROV_USE", "RAP_ACCESS"];

const dress = (name) => el("link", { rel: "stylesheet", href: new URL(`/static/${name}.css`, HOME).href });

/** The value of an attribute that has to be one of these. Throws Error. */
function known(attribute, value, allowed) {
  if (allowed.includes(value)) return value;
  throw new Error(`\`${attribute}\` is “${value}”; it may be ${allowed.join(", ")}.`);
}

class Widget extends HTMLElement {
  static observedAttributes = "endpoint integration-id range start end appointment-type locale by".split(" ");
  #token = null;
  #shown = el("div", el("div.skeleton"));
  asked = 0;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(dress("tokens"), dress("views"), this.#shown);
  }

  connectedCallback() {
    // A token may have been set before this script was loaded.
    if (Object.hasOwn(this, "token")) {
      const { token } = this;
      delete this.token;
      this.#token = token;
    }
    this.refresh();
  }

  attributeChangedCallback(_name, before, now) {
    if (this.isConnected && before !== now) this.refresh();
  }

  /** The key for widgets, set by script and never in markup; "" on our own pages, which ask by the session. */
  get token() {
    return this.#token;
  }

  set token(token) {
    this.#token = token;
    if (this.isConnected) this.refresh();
  }

  get endpoint() {
    return this.getAttribute("endpoint") ?? HOME;
  }

  /** Ask again, once there is a token. An answer to what was asked before is dropped. */
  refresh() {
    this.asked += 1;
    this.setAttribute("aria-busy", "true");
    if (this.#token === null) return;
    waiting.add(this);
    if (waiting.size === 1) setTimeout(askTogether);
  }

  /** Take the answer to what was asked the so manieth time, {data, error}. */
  take(asked, { data, error }) {
    if (asked !== this.asked) return;
    this.removeAttribute("aria-busy");
    try {
      if (error) throw error;
      this.#shown.replaceChildren(this.content(data, new Formats(this.getAttribute("locale") ?? english())));
    } catch (problem) {
      this.#shown.replaceChildren(failure(problem, problem instanceof Error ? null : () => this.refresh()));
    }
  }
}

/** A widget over the appointments of one integration; each says which parts of their statistics it needs. */
class StatisticsWidget extends Widget {
  /** What is asked: a field, its arguments with their types, and what is selected. Throws Error. */
  question() {
    const id = this.getAttribute("integration-id");
    if (!id) throw new Error("The attribute `integration-id` is missing: the id of a connected integration.");
    const type = this.getAttribute("appointment-type");
    if (type) known("appointment-type", type, TYPES);
    const given = { integrationId: ["ID!", id], appointmentType: ["AppointmentType", type], ...this.#time() };
    const parts = `overview { total successful failed } ${this.parts}`;
    return { field: "appointmentStatistics", given, also: "size: 100, fillGaps: true", parts };
  }

  #time() {
    const [start, end] = [this.getAttribute("start"), this.getAttribute("end")];
    const range = this.getAttribute("range") ?? (start || end ? null : "30d");
    if (range && (start || end)) throw new Error("Give `range`, or `start` and `end`, not both.");
    if (range) return { days: ["Int", RANGES[known("range", range, Object.keys(RANGES))]] };
    for (const day of [start, end]) {
      if (day && !/^\d{4}-\d\d-\d\d$/.test(day)) throw new Error(`“${day}” is no day such as 2026-11-16.`);
    }
    return { firstDay: ["Date", start], lastDay: ["Date", end] };
  }

  content(found, formats) {
    if (found.overview.total === 0) return notice("No bookings", "None was made in that time.");
    return this.shown(found, formats);
  }
}

class AppointmentsTotal extends StatisticsWidget {
  parts = "previousPeriod { overview { total successful failed } }";
  content = cards;
}

class AppointmentsTrend extends StatisticsWidget {
  parts = "trends { day successful failed pending }";
  shown = ({ trends }, formats) => trend(trends, { formats });
}

class AppointmentsBreakdown extends StatisticsWidget {
  get by() {
    return known("by", this.getAttribute("by") ?? "source", Object.keys(BREAKDOWNS));
  }

  get parts() {
    return `${this.by} { value count successful failed }`;
  }

  shown = (found, formats) => breakdown(this.by, found[this.by], { formats });
}

class IntegrationsList extends Widget {
  question() {
    // No more than keys for widgets may see.
    const parts = "nodes { id name ... on ConnectedIntegration { status } }";
    return { field: "integrations", also: "orderBy: [{ field: NAME }], first: 100", parts };
  }

  content({ nodes }, formats) {
    const connected = nodes.filter(({ status }) => status);
    if (!connected.length) return notice("No integrations", "There are none, or the key may not see them.");
    return integrations(connected, { formats });
  }
}

const waiting = new Set();

/** Ask for all widgets that wait: one request for each endpoint and token. */
function askTogether() {
  const requests = Map.groupBy(waiting, ({ endpoint, token }) => JSON.stringify([endpoint, token]));
  waiting.clear();
  for (const widgets of requests.values()) send(widgets);
}

/** One question for several widgets, and who is told which of its fields. */
function together(widgets) {
  const types = [], fields = [], takers = [], variables = {};
  for (const [place, widget] of widgets.entries()) {
    const taker = { name: `w${place}`, take: widget.take.bind(widget, widget.asked) };
    try {
      const { field, given = {}, also, parts } = widget.question();
      const passed = Object.entries(given).map(([name, [type, value]]) => {
        types.push(`$${name}${place}: ${type}`);
        variables[name + place] = value;
        return `${name}: $${name}${place}`;
      });
      fields.push(`${taker.name}: ${field}(${[...passed, also].join(", ")}) { ${parts} }`);
      takers.push(taker);
    } catch (error) {
      taker.take({ error });
    }
  }
  const query = `query Widgets${types.length ? `(${types.join(", ")})` : ""} { ${fields.join(" ")} }`;
  return { query, variables, takers };
}

async function send(widgets) {
  const { query, variables, takers } = together(widgets);
  if (!takers.length) return;
  const [{ endpoint, token }] = widgets;
  const { data, errors } = await ask(query, variables, { endpoint, token });
  for (const { name, take } of takers) {
    take({ data: data?.[name], error: data?.[name] ? null : errors.find(({ path }) => path[0] === name) ?? errors[0] });
  }
}

export const ELEMENTS = {
  "appointments-total": AppointmentsTotal,
  "appointments-trend": AppointmentsTrend,
  "appointments-breakdown": AppointmentsBreakdown,
  "integrations-list": IntegrationsList,
};
for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element);
}
