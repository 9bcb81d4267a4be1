// GraphiQL, for whoever is signed in. It keeps what is typed for as long as the browser's tab is open, headers not
// even that; the key is exchanged for a session at once.

import { script } from "./dom.js";
import { tabs } from "./operations.js";
import { begun, ended, viewer } from "./signing.js";

const UNAUTHENTICATED = 401;

const ide = document.getElementById("ide");
const { vendored } = ide.dataset;

self.MonacoEnvironment = {
  getWorkerUrl(_module, language) {
    // One of them is really spelled like this.
    const names = { graphql: "graphql.worker.", json: "json.worker" };
    return `${vendored}/monacoeditorwork/${names[language] ?? "editor.worker"}.bundle.js`;
  },
};

async function sent(request, headers) {
  const own = {
    Accept: "application/graphql-response+json, application/json",
    "Content-Type": "application/json",
    "X-CSRF-Token": viewer.csrfToken,
  };
  return fetch("/graphql", { method: "POST", headers: { ...own, ...headers }, body: JSON.stringify(request) });
}

/** What GraphiQL sends with. Where the session has ended, it is begun anew, and the same is sent again. */
async function fetcher(request, { headers } = {}) {
  let response = await sent(request, headers);
  const hasOwnKey = Object.keys(headers ?? {}).some((name) => /^(authorization|x-auth-token)$/i.test(name));
  if (response.status === UNAUTHENTICATED && !hasOwnKey) {
    await ended();
    response = await sent(request, headers);
  }
  return response.json();
}

/** The tab that was shown last, or the first. */
function shown(defaultTabs) {
  const { tabs: kept, activeTabIndex } = JSON.parse(sessionStorage.getItem("graphiql:tabState") ?? "{}");
  return kept?.[activeTabIndex] ?? defaultTabs[0];
}

const library = script(`${vendored}/yoga-graphiql.umd.js`);
await begun();
const defaultTabs = await tabs();
const { query, variables } = shown(defaultTabs);
const options = {
  fetcher,
  defaultTabs,
  // It opens one more tab unless it begins with what one of them holds.
  query,
  variables,
  storage: sessionStorage,
  shouldPersistHeaders: false,
  // It would write into the address what is typed.
  onEditQuery: undefined,
};
library.then(
  () => YogaGraphiQL.renderYogaGraphiQL(ide, options),
  () => (ide.textContent = "GraphiQL could not be loaded. Look at the connection, and load the page again."),
);
