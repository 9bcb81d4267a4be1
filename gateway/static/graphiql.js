// GraphiQL for the signed-in user. The browser tab stores what the user types, but no headers.

import { script } from "./dom.js";
import { tabs } from "./operations.js";
import { send } from "./session.js";
import { renewSession, requireSession, viewer } from "./signing.js";

const ide = document.getElementById("ide");
const { vendored } = ide.dataset;

self.MonacoEnvironment = {
  getWorkerUrl(_module, language) {
    // One file name really ends like this.
    const names = { graphql: "graphql.worker.", json: "json.worker" };
    return `${vendored}/monacoeditorwork/${names[language] ?? "editor.worker"}.bundle.js`;
  },
};

const post = (request, headers) =>
  send("POST", "/graphql", request, { headers: { "X-CSRF-Token": viewer.csrfToken, ...headers } });

/** Send a request of GraphiQL. If the session has ended, send it again in a new session. */
async function fetcher(request, { headers = {} } = {}) {
  let { status, answer } = await post(request, headers);
  const hasOwnKey = Object.keys(headers).some((name) => /^(authorization|x-auth-token)$/i.test(name));
  if (status === 401 && !hasOwnKey) {
    await renewSession();
    ({ answer } = await post(request, headers));
  }
  return answer;
}

/** Return the tab that was open last, or the first one. */
function openTab(defaultTabs) {
  const { tabs: stored, activeTabIndex } = JSON.parse(sessionStorage.getItem("graphiql:tabState") ?? "{}");
  return stored?.[activeTabIndex] ?? defaultTabs[0];
}

const library = script(`${vendored}/yoga-graphiql.umd.js`);
await requireSession();
const defaultTabs = await tabs();
const { query, variables } = openTab(defaultTabs);
const options = {
  fetcher,
  defaultTabs,
  // Without these, GraphiQL opens another tab.
  query,
  variables,
  storage: sessionStorage,
  shouldPersistHeaders: false,
  // Without this, GraphiQL writes the query into the address.
  onEditQuery: undefined,
};
library.then(
  () => YogaGraphiQL.renderYogaGraphiQL(ide, options),
  () => (ide.textContent = "GraphiQL could not be loaded. Check your connection and reload the page."),
);
