// The documentation of the REST operations. It sends requests with a key that the user types, and stores no key.

import { el, script } from "./dom.js";

const page = document.getElementById("documentation");

const isDark = matchMedia("(prefers-color-scheme: dark)");
const applyScheme = () => document.documentElement.classList.toggle("dark-mode", isDark.matches);
isDark.addEventListener("change", applyScheme);
applyScheme();

script(page.dataset.library).then(
  () => SwaggerUIBundle({ domNode: page, url: "/openapi.json", deepLinking: true, validatorUrl: null, defaultModelsExpandDepth: 0 }),
  () => page.replaceChildren(el("main",
    el("h1", "REST operations"),
    el("p", "Swagger UI, the viewer, is not installed; ", el("code", "gateway assets"), " installs it."),
    el("p", "The same document is at ", el("a", { href: "/openapi.json" }, "/openapi.json"), "."),
  )),
);
