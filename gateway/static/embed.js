// A widget in a frame: named in the path, its attributes in the query. The page around it is told {widget: "ready"},
// answers {token}, and is told {widget: "height", height} from then on.

import { ELEMENTS } from "/widgets.js";

const name = location.pathname.split("/").at(-1);
const widget = document.createElement(name);
const attributes = ELEMENTS[name].observedAttributes.filter((attribute) => attribute !== "endpoint");
for (const [attribute, value] of new URLSearchParams(location.search)) {
  if (attributes.includes(attribute)) widget.setAttribute(attribute, value);
}

const main = document.querySelector("main");
const tell = (message) => parent !== window && parent.postMessage(message, "*");
addEventListener("message", ({ source, data }) => {
  if (source !== parent || typeof data?.token !== "string") return;
  widget.token = data.token;
  main.replaceChildren(widget);
});
new ResizeObserver(() => tell({ widget: "height", height: main.scrollHeight })).observe(main);
tell({ widget: "ready" });
if (window.frameElement || parent === window) {
  widget.token = "";
  main.replaceChildren(widget);
}
