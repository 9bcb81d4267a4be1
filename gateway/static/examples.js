// Shows the widgets of the example page with one of the viewer's integrations.

import { ask, session } from "./session.js";

const CONNECTED = `{ integrations(
  filter: { kind: [CONNECTED] }, orderBy: [{ field: CREATED_AT, direction: DESC }, { field: NAME }], first: 1
) { nodes { id } } }`;

for (const code of document.querySelectorAll("pre code")) {
  code.textContent = code.textContent.replaceAll("https://gateway.example", location.origin);
}

const { data } = (await session()) ? await ask(CONNECTED) : {};
const [first] = data?.integrations?.nodes ?? [];
document.querySelector("#said").hidden = Boolean(first);
const widgets = document.querySelectorAll("[range], integrations-list");
if (!first) for (const widget of widgets) widget.remove();
if (first) {
  for (const widget of widgets) Object.assign(widget, { integrationId: first.id, token: "" });
  document.querySelector("iframe").src = `/embed/appointments-breakdown?integration-id=${first.id}&by=source&range=30d`;
}
