// The filter of the dashboard: it stands in the address, so that a view can be shared, and nowhere else.

import { RANGES } from "./formats.js";

const NOTHING = { integration: "", type: "", search: "", from: "", to: "" };
const DEFAULTS = { ...NOTHING, range: "30d", by: "utmCampaign", sort: "count" };
const ALLOWED = {
  range: /^(7d|30d|90d|12mo|custom)$/,
  by: /^utm(Campaign|Source|Medium)$/,
  sort: /^(count|failed)$/,
};

/** The filter of an address, and what in it is not understood: [filter, problems]. */
export function read(address) {
  const filter = { ...DEFAULTS };
  const problems = [];
  for (const [name, value] of new URLSearchParams(address)) {
    if (name in DEFAULTS && (ALLOWED[name]?.test(value) ?? true)) filter[name] = value;
    else problems.push(`“${name}=${value}”`);
  }
  return [filter, problems];
}

/** The address of a filter, without what goes without saying. */
export function address(filter) {
  const said = Object.entries(filter).filter(([name, value]) => value !== DEFAULTS[name]);
  return `${location.pathname}${said.length ? "?" : ""}${new URLSearchParams(said)}`;
}

/** The variables that the graph is asked with. */
export function variables({ integration, type, search, range, from, to }) {
  const custom = range === "custom";
  return {
    id: integration,
    chosen: integration !== "",
    type: type || null,
    search: search.trim() || null,
    days: RANGES[range] ?? null,
    first: (custom && from) || null,
    last: (custom && to) || null,
  };
}
