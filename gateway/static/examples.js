// The page of examples: its widgets are shown for one of the viewer's integrations.

import { el } from "./dom.js";
import { ask, session } from "./session.js";

const CONNECTED = `{ integrations(
  filter: { kind: [CONNECTED] }, orderBy: [{ field: CREATED_AT, direction: DESC }, { field: NAME }], first: 100
) { nodes { id name } } }`;

const [which, said, frame] = ["#which", "#said", "iframe"].map((selector) => document.querySelector(selector));

for (const code of document.querySelectorAll("pre code")) {
  code.textContent = code.textContent.replaceAll("https://gateway.example", location.origin);
}

addEventListener("message", ({ source, data }) => {
  if (source === frame.contentWindow && data.widget === "height") frame.height = data.height;
});

function show(id) {
  for (const widget of document.querySelectorAll("[range], integrations-list")) {
    widget.setAttribute("integration-id", id);
    widget.token = "";
  }
  frame.src = `/embed/appointments-breakdown?integration-id=${id}&by=source&range=30d`;
}

which.addEventListener("change", () => show(which.value));
if (await session()) {
  const { data, errors } = await ask(CONNECTED);
  const nodes = data?.integrations.nodes ?? [];
  which.append(...nodes.map(({ id, name }) => el("option", { value: id }, name)));
  if (nodes.length) show(nodes[0].id);
  else said.textContent = errors[0]?.message ?? "There is no integration to show numbers of.";
} else {
  said.append("To see them live, ", el("a", { href: "/dashboard" }, "sign in on the dashboard"), " and come back.");
}
