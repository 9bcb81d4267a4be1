// The page of examples: its widgets are shown for one of the viewer's integrations.

import { ask, session } from "./session.js";

const CONNECTED = `{ integrations(
  filter: { kind: [CONNECTED] }, orderBy: [{ field: CREATED_AT, direction: DESC }, { field: NAME }], first: 1
) { nodes { id } } }`;

const frame = document.querySelector("iframe");

for (const code of document.querySelectorAll("pre code")) {
  code.textContent = code.textContent.replaceAll("https://gateway.example", location.origin);
}

addEventListener("message", ({ source, data }) => {
  if (source === frame.contentWindow && data.widget === "height") frame.height = data.height;
});

const { data } = (await session()) ? await ask(CONNECTED) : {};
const [first] = data?.integrations.nodes ?? [];
document.querySelector("#said").hidden = Boolean(first);
if (first) {
  for (const widget of document.querySelectorAll("[range], integrations-list")) {
    widget.setAttribute("integration-id", first.id);
    widget.token = "";
  }
  frame.src = `/embed/appointments-breakdown?integration-id=${first.id}&by=source&range=30d`;
}
