// A widget in a frame: its name is in the path, its attributes in the query. The page around the frame receives
// {widget: "ready"}, sends {token} and receives {widget: "height", height}.

import { ELEMENTS } from "/widgets.js";

const name = location.pathname.split("/").at(-1);
const widget = document.createElement(name);
const attributes = ELEMENTS[name].observedAttributes.filter((attribute) => attribute !== "endpoint");
for (const [attribute, value] of new URLSearchParams(location.search)) {
  if (attributes.includes(attribute)) widget.setAttribute(attribute, value);
}
// The frame cannot see the page around it. The page's attribute decides, else the reader's system.
if (["light", "dark"].includes(widget.theme)) document.documentElement.style.colorScheme = widget.theme;

const main = document.querySelector("main");
const tell = (message) => parent !== window && parent.postMessage(message, "*");
addEventListener("message", ({ source, data }) => {
  if (source === parent && typeof data?.token === "string") widget.token = data.token;
});
new ResizeObserver(() => tell({ widget: "height", height: main.scrollHeight })).observe(main);
main.append(widget);
tell({ widget: "ready" });
if (window.frameElement || parent === window) widget.token = "";
