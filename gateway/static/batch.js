// Asks the questions of many widgets in few requests. Widgets of the same endpoint and token share them.

import { ask } from "./session.js";

/** Maximum number of questions in a request: the gateway's own limit of root fields, unless an operator changes it. */
const SIZE = 20;

/** Codes of refused requests that may succeed with fewer questions. */
const DIVISIBLE = ["LIMIT_EXCEEDED", "COST_LIMIT_EXCEEDED", "CONTENT_TOO_LARGE", "BAD_USER_INPUT"];

const waiting = new Set();

/** Ask the question of a widget, together with those of all widgets that call this at the same time. */
export function enqueue(widget) {
  waiting.add(widget);
  if (waiting.size === 1) setTimeout(sendAll);
}

function sendAll() {
  const groups = Map.groupBy(waiting, ({ target }) => JSON.stringify(target));
  waiting.clear();
  for (const widgets of groups.values()) {
    const questions = widgets.map(prepare).filter(Boolean);
    for (let at = 0; at < questions.length; at += SIZE) send(questions.slice(at, at + SIZE), widgets[0].target);
  }
}

/** Return the question of a widget, or null if an attribute is wrong. The widget then shows that. */
function prepare(widget) {
  const take = widget.take.bind(widget, widget.queries);
  try {
    return { take, ...widget.query() };
  } catch (error) {
    take({ error });
    return null;
  }
}

/** Send one request. If it is refused as a whole, send each half of it. */
async function send(questions, target) {
  const { query, variables } = combine(questions);
  const { data, errors } = await ask(query, variables, target);
  if (!data && questions.length > 1 && DIVISIBLE.includes(errors[0]?.code)) {
    const half = questions.length >> 1;
    send(questions.slice(0, half), target);
    send(questions.slice(half), target);
    return;
  }
  for (const [index, { take }] of questions.entries()) {
    const found = data?.[`w${index}`];
    take({ data: found, error: found ? null : errors.find(({ path }) => path[0] === `w${index}`) ?? errors[0] });
  }
}

/** Build one query of several questions. */
function combine(questions) {
  const types = [], fields = [], variables = {};
  for (const [index, { field, typed, fixed, selection }] of questions.entries()) {
    const passed = Object.entries(typed).map(([name, [type, value]]) => {
      types.push(`$${name}${index}: ${type}`);
      variables[name + index] = value;
      return `${name}: $${name}${index}`;
    });
    fields.push(`w${index}: ${field}(${[...passed, fixed].join(", ")}) { ${selection} }`);
  }
  return { query: `query Widgets${types.length ? `(${types.join(", ")})` : ""} { ${fields.join(" ")} }`, variables };
}
