// The table of connected integrations, and the one definition of a broken one.

import { button, el, shape, spoken } from "./dom.js";
import { column, numeric, table, titled } from "./views.js";

const SIGNS = { bad: "▲ ", wait: "◆ ", good: "● ", off: "○ " };
const TOKENS = {
  VALID: ["good", "Token valid", "until"],
  EXPIRING_SOON: ["wait", "Token valid", "until"],
  EXPIRED: ["bad", "Token expired", "at"],
  MISSING: ["bad", "Token missing", ""],
};

/** Return [kind, word, reason] of an integration's connection, or null if the key may not see it.
 *
 * Broken ones have the kind "bad" and a reason: they are switched on, and have an error or no valid token.
 */
export function standing({ status, config }) {
  if (!config) return null;
  if (status === "INACTIVE") return ["off", "Not in use"];
  const { errorMessage, tokenState } = config;
  const [kind, token] = TOKENS[tokenState];
  if (errorMessage || kind === "bad") return ["bad", "Broken", errorMessage || `${token}: connect the account again.`];
  return kind === "wait" ? ["wait", "Expires soon"] : ["good", "Working"];
}

/** Show integrations in the given order. `config`, `href` and `onexport` may be missing. */
export function integrations(list, { formats, href, onexport }) {
  const account = ({ provider, authUserEmail }) =>
    el("small", provider.toLowerCase(), authUserEmail && ` · ${authUserEmail}`);
  const token = ({ config: { expiresAt, tokenState }, timezone }) => {
    const [, words, when] = TOKENS[tokenState];
    return el("small", expiresAt ? `${words} ${when} ${formats.instant(expiresAt, timezone)}` : words);
  };
  const connection = (each) => {
    const [kind, word, why] = standing(each);
    return el("td", el(`span.sign.${kind}`, shape(SIGNS[kind]), word), why && el("p.why", why), token(each));
  };
  const row = (each) => {
    const save = onexport && button("", () => onexport(each, save), "Export", spoken(` ${each.name}`));
    return el(
      "tr",
      titled(href ? el("a", { href: href(each) }, each.name) : each.name, each.config && account(each.config)),
      // A status of its own: it does not say whether the connection works.
      el("td.status", each.status === "ACTIVE" ? "Switched on" : el("span.quiet", "Switched off")),
      each.config && connection(each),
      save && numeric(save),
    );
  };
  const more = [list[0].config && column("Connection"), onexport && column(spoken("Export"))];
  return table("integrations", "Connected integrations", [column("Integration"), column("Status"), more], list.map(row));
}
