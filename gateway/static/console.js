// A plain editor for queries, shown while GraphiQL is not installed. Stores nothing.

import { explain } from "./sentences.js";
import { ask, session, signIn } from "./session.js";

const ids = ["question", "key", "document", "variables", "answer"];
const [form, key, text, variables, answer] = ids.map((id) => document.getElementById(id));

function parse(json) {
  try {
    return json.trim() ? JSON.parse(json) : {};
  } catch (error) {
    throw new Error(`The variables are not JSON: ${error.message}`);
  }
}

async function run() {
  const values = parse(variables.value);
  const credentials = key.value.trim();
  key.value = "";
  await (credentials ? signIn(credentials) : session());
  const { data, errors } = await ask(text.value, values);
  return JSON.stringify({ data, errors }, null, 2);
}

form.onsubmit = async (event) => {
  event.preventDefault();
  answer.textContent = "Running …";
  answer.textContent = await run().catch(explain);
};

form.onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
};
