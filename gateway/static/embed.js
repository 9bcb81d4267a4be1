// A widget in a frame: its name is in the path, its attributes in the query. The page around the frame receives
// {widget: "ready"}, sends {token} and receives {widget: "height", height}.

import { ELEMENTS } from "/widgets.js";

const name = location.pathname.split("/").at(-1);
const widget = document.createElement(name);
const attributes = ELEMENTS[name].observedAttributes.filter((attribute) => attribute !== "endpoint");
for (const [attribute, value] of new URLSearchParams(location.search)) {
  if (attributes.includes(attribute)) widget.setAttribute(attribute, value);
}

const main = document.querySelector("main");
const tell = (message) => parent !== window && parent.postMessage(message, "*");
function start(token) {
  widget.token = token;
  main.replaceChildren(widget);
}
addEventListener("message", ({ source, data }) => {
  if (source === parent && typeof data?.token === "string") start(data.token);
});
new ResizeObserver(() => tell({ widget: "height", height: main.scrollHeight })).observe(main);
tell({ widget: "ready" });
if (window.frameElement || parent === window) start("");
