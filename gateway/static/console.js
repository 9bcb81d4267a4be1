// What serves where GraphiQL is not there: a document, its variables, and the answer. Nothing is kept.

import { ask, session, signIn } from "./session.js";

const [form, key, text, variables, answer] = ["question", "key", "document", "variables", "answer"].map((id) =>
  document.getElementById(id),
);

function parsed(json) {
  try {
    return json.trim() ? JSON.parse(json) : {};
  } catch (error) {
    throw new Error(`The variables are not JSON: ${error.message}`);
  }
}

async function answered() {
  const given = parsed(variables.value);
  const credentials = key.value.trim();
  key.value = "";
  await (credentials ? signIn(credentials) : session());
  return ask(text.value, given);
}

form.onsubmit = async (event) => {
  event.preventDefault();
  answer.textContent = "Asking …";
  try {
    answer.textContent = JSON.stringify(await answered(), null, 2);
  } catch (error) {
    answer.textContent = error.message;
  }
};

form.onkeydown = (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
};
