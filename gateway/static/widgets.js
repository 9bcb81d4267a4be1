// The gateway's numbers on other pages: custom elements that share one request.

import { el, failure, notice } from "/static/dom.js";
import { BREAKDOWNS, RANGES, createFormats } from "/static/formats.js";
import { integrations } from "/static/integrations.js";
import { ask } from "/static/session.js";
import { trend } from "/static/trend.js";
import { breakdown, cards } from "/static/views.js";

const GATEWAY = new URL("/graphql", import.meta.url).href;
const TYPES = ["NP", "F_U", "ASC_FU", "FU_TELE", "PROCEDURE", "PROV_USE", "RAP_ACCESS"];

const style = (name) => el("link", { rel: "stylesheet", href: new URL(`/static/${name}.css`, GATEWAY).href });

function check(attribute, value, allowed) {
  if (allowed.includes(value)) return value;
  throw new Error(`\`${attribute}\` is “${value}”, but must be one of ${allowed.join(", ")}.`);
}

class Widget extends HTMLElement {
  static observedAttributes = "endpoint integration-id range start end appointment-type locale by".split(" ");
  #token = null;
  #content = el("div", el("div.skeleton"));
  queries = 0;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(style("tokens"), style("views"), this.#content);
  }

  connectedCallback() {
    // The page may have set a token before this script was loaded.
    if (Object.hasOwn(this, "token")) {
      const { token } = this;
      delete this.token;
      this.#token = token;
    }
    this.refresh();
  }

  attributeChangedCallback(_name, before, now) {
    if (before !== now) this.refresh();
  }

  /** The widget key, set by script and never in markup. "" uses the session, on the gateway's own pages. */
  get token() {
    return this.#token;
  }

  set token(token) {
    this.#token = token;
    this.refresh();
  }

  get endpoint() {
    return this.getAttribute("endpoint") ?? GATEWAY;
  }

  /** Query again, once there is a token. Answers to older queries are ignored. */
  refresh() {
    if (!this.isConnected) return;
    this.queries += 1;
    this.setAttribute("aria-busy", "true");
    if (this.#token === null) return;
    waiting.add(this);
    if (waiting.size === 1) setTimeout(sendAll);
  }

  /** Show {data, error}, the answer to the query of this number. */
  take(number, { data, error }) {
    if (number !== this.queries) return;
    this.removeAttribute("aria-busy");
    try {
      if (error) throw error;
      this.#content.replaceChildren(this.view(data, createFormats(this.getAttribute("locale") ?? undefined)));
    } catch (problem) {
      this.#content.replaceChildren(failure(problem, problem instanceof Error ? null : () => this.refresh()));
    }
  }
}

/** A widget of one integration's appointments. */
class StatisticsWidget extends Widget {
  /** Return the field, its arguments and its selection. Throws Error if an attribute is wrong. */
  query() {
    const id = this.getAttribute("integration-id");
    if (!id) throw new Error("The attribute `integration-id` is missing: the id of a connected integration.");
    const type = this.getAttribute("appointment-type");
    if (type) check("appointment-type", type, TYPES);
    const typed = { integrationId: ["ID!", id], appointmentType: ["AppointmentType", type], ...this.#time() };
    const selection = `overview { total successful failed } ${this.selection}`;
    return { field: "appointmentStatistics", typed, fixed: "size: 100, fillGaps: true", selection };
  }

  #time() {
    const [start, end] = [this.getAttribute("start"), this.getAttribute("end")];
    const range = this.getAttribute("range") ?? (start || end ? null : "30d");
    if (range && (start || end)) throw new Error("Use either `range`, or `start` and `end`.");
    if (range) return { days: ["Int", RANGES[check("range", range, Object.keys(RANGES))]] };
    for (const day of [start, end]) {
      if (day && !/^\d{4}-\d\d-\d\d$/.test(day)) throw new Error(`“${day}” is not a day such as 2026-11-16.`);
    }
    return { firstDay: ["Date", start], lastDay: ["Date", end] };
  }

  view(found, formats) {
    return found.overview.total ? this.chart(found, formats) : notice("No bookings", "There are none in this time.");
  }
}

class AppointmentsTotal extends StatisticsWidget {
  selection = "previousPeriod { overview { total successful failed } }";
  view = cards;
}

class AppointmentsTrend extends StatisticsWidget {
  selection = "trends { day successful failed pending }";
  chart = ({ trends }, formats) => trend(trends, { formats });
}

class AppointmentsBreakdown extends StatisticsWidget {
  get by() {
    return check("by", this.getAttribute("by") ?? "source", Object.keys(BREAKDOWNS));
  }

  get selection() {
    return `${this.by} { value count successful failed }`;
  }

  chart = (found, formats) => breakdown(this.by, found[this.by], { formats });
}

class IntegrationsList extends Widget {
  // A widget key may read no more than this.
  query = () => ({
    field: "integrations",
    fixed: "orderBy: [{ field: NAME }], first: 100",
    selection: "nodes { id name ... on ConnectedIntegration { status } }",
  });

  view({ nodes }, formats) {
    const connected = nodes.filter(({ status }) => status);
    if (connected.length) return integrations(connected, { formats });
    return notice("No integrations", "There are none, or the key may not see them.");
  }
}

const waiting = new Set();

/** Send one request for each endpoint and token. */
function sendAll() {
  const requests = Map.groupBy(waiting, ({ endpoint, token }) => JSON.stringify([endpoint, token]));
  waiting.clear();
  for (const widgets of requests.values()) send(widgets);
}

/** Build one query for several widgets. */
function combine(widgets) {
  const types = [], fields = [], receivers = [], variables = {};
  for (const [index, widget] of widgets.entries()) {
    const receiver = { name: `w${index}`, take: widget.take.bind(widget, widget.queries) };
    try {
      const { field, typed = {}, fixed, selection } = widget.query();
      const passed = Object.entries(typed).map(([name, [type, value]]) => {
        types.push(`$${name}${index}: ${type}`);
        variables[name + index] = value;
        return `${name}: $${name}${index}`;
      });
      fields.push(`${receiver.name}: ${field}(${[...passed, fixed].join(", ")}) { ${selection} }`);
      receivers.push(receiver);
    } catch (error) {
      receiver.take({ error });
    }
  }
  const query = `query Widgets${types.length ? `(${types.join(", ")})` : ""} { ${fields.join(" ")} }`;
  return { query, variables, receivers };
}

async function send(widgets) {
  const { query, variables, receivers } = combine(widgets);
  if (!receivers.length) return;
  const [{ endpoint, token }] = widgets;
  const { data, errors } = await ask(query, variables, { endpoint, token });
  for (const { name, take } of receivers) {
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
