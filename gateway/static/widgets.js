// The gateway's numbers on other pages, as custom elements. widgets.d.ts describes them.

import { choose, define, fault, Widget } from "/static/element.js";
import { notice } from "/static/dom.js";
import { BREAKDOWNS, RANGES } from "/static/formats.js";
import { integrations } from "/static/integrations.js";
import { ask } from "/static/session.js";
import { trend } from "/static/trend.js";
import { breakdown, cards } from "/static/views.js";

const TYPES = ["NP", "F_U", "ASC_FU", "FU_TELE", "PROCEDURE", "PROV_USE", "RAP_ACCESS"];
const PERIODS = ["day", "week", "month"];
const DEFAULT_RANGE = "30d";
const COUNTS = "successful failed pending";

/** Tell whether a text is a day of the calendar. */
const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && new Date(text).toJSON()?.startsWith(text);

const addDays = (day, count) => new Date(Date.parse(day) + count * 86_400_000).toJSON().slice(0, 10);

/** A widget of one integration's appointments. */
class StatisticsWidget extends Widget {
  static observedAttributes = [
    ...["integration-id", "range", "start", "end", "appointment-type"],
    ...["source", "utm-source", "utm-medium", "utm-campaign"],
    ...Widget.observedAttributes,
  ];

  query() {
    this.check();
    if (!this.integrationId) {
      throw fault("The attribute `integration-id` is missing: the id of a connected integration.");
    }
    const typed = {
      integrationId: ["ID!", this.integrationId],
      appointmentType: ["AppointmentType", choose("appointment-type", this.appointmentType, TYPES)],
      ...this.#time(),
    };
    for (const name of Object.keys(BREAKDOWNS)) if (this[name]) typed[name] = ["[String!]", [this[name]]];
    const selection = `overview { total ${COUNTS} } ${this.selection}`;
    return { field: "appointmentStatistics", typed, fixed: "size: 100, fillGaps: true", selection };
  }

  #time() {
    const { range, start, end } = this;
    if (range && (start || end)) throw fault("Use either `range`, or `start` and `end`.");
    if (!start && !end) return { days: ["Int", RANGES[choose("range", range, Object.keys(RANGES)) ?? DEFAULT_RANGE]] };
    for (const day of [start, end]) {
      if (day && !isDay(day)) throw fault(`“${day}” is not a day such as 2026-11-16.`);
    }
    return { firstDay: ["Date", start || null], lastDay: ["Date", end || null] };
  }

  view(found, formats) {
    return found.overview.total ? this.chart(found, formats) : notice("No bookings", "There are none in this time.");
  }

  summarize = ({ overview }) => overview;
}

class AppointmentsTotal extends StatisticsWidget {
  selection = `previousPeriod { overview { total ${COUNTS} } }`;
  view = cards;
}

class AppointmentsTrend extends StatisticsWidget {
  static observedAttributes = [...super.observedAttributes, "group-by"];

  get #period() {
    return choose("group-by", this.groupBy, PERIODS) ?? "day";
  }

  get selection() {
    return `trends(by: ${this.#period.toUpperCase()}) { day ${COUNTS} }`;
  }

  chart = ({ trends }, formats) => {
    const { start, end, range } = this;
    // The last period may end before its calendar does.
    const last = end || (start ? null : addDays(trends[0].day, RANGES[range || DEFAULT_RANGE] - 1));
    const lastOf = (index) => (trends[index + 1] ? addDays(trends[index + 1].day, -1) : last);
    const periods = trends.map((each, index) => ({ ...each, last: lastOf(index) }));
    return trend(periods, { formats, by: this.#period });
  };
}

class AppointmentsBreakdown extends StatisticsWidget {
  static observedAttributes = [...super.observedAttributes, "by"];

  get #field() {
    return choose("by", this.by, Object.keys(BREAKDOWNS)) ?? "source";
  }

  get selection() {
    return `${this.#field} { value count ${COUNTS} }`;
  }

  chart = (found, formats) => breakdown(this.#field, found[this.#field], { formats });
}

const PAGE = 100;
/** The integrations from a position on. A widget key may read no more than this. */
const listFrom = (offset) => ({
  field: "integrations",
  typed: {},
  fixed: `orderBy: [{ field: NAME }], first: ${PAGE}, offset: ${offset}`,
  selection: "totalCount nodes { id name ... on ConnectedIntegration { status } }",
});

class IntegrationsList extends Widget {
  query() {
    this.check();
    return listFrom(0);
  }

  complete = async ({ nodes, totalCount }) => {
    const all = [...nodes];
    for (let offset = PAGE; offset < totalCount; offset += PAGE) {
      const { field, fixed, selection } = listFrom(offset);
      const { data, errors } = await ask(`{ ${field}(${fixed}) { ${selection} } }`, {}, this.target);
      if (!data?.integrations) throw errors[0];
      all.push(...data.integrations.nodes);
    }
    return all.filter(({ status }) => status);
  };

  view(found, formats) {
    if (found.length) return integrations(found, { formats });
    return notice("No integrations", "There are none, or the key may not see them.");
  }

  summarize = ({ length }) => ({ total: length });
}

export const ELEMENTS = {
  "appointments-total": AppointmentsTotal,
  "appointments-trend": AppointmentsTrend,
  "appointments-breakdown": AppointmentsBreakdown,
  "integrations-list": IntegrationsList,
};
for (const [name, element] of Object.entries(ELEMENTS)) define(name, element);
