// The dashboard's filter. It is stored only in the address, so that a view can be shared.

import { RANGES } from "./formats.js";

const DEFAULTS = { integration: "", type: "", search: "", from: "", to: "", range: "30d", by: "utmCampaign", sort: "count" };
const ALLOWED = {
  range: /^(7d|30d|90d|12mo|custom)$/,
  by: /^utm(Campaign|Source|Medium)$/,
  sort: /^(count|failed)$/,
};

/** Return [filter, problems] of an address; `problems` lists the parts that are not valid. */
export function read(address) {
  const filter = { ...DEFAULTS };
  const problems = [];
  for (const [name, value] of new URLSearchParams(address)) {
    if (name in DEFAULTS && (ALLOWED[name]?.test(value) ?? true)) filter[name] = value;
    else problems.push(`“${name}=${value}”`);
  }
  return [filter, problems];
}

/** Return the address of a filter, without default values. */
export function address(filter) {
  const chosen = Object.entries(filter).filter(([name, value]) => value !== DEFAULTS[name]);
  return `${location.pathname}${chosen.length ? "?" : ""}${new URLSearchParams(chosen)}`;
}

/** Return the variables of the dashboard's query. */
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
