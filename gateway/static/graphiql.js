// GraphiQL for the signed-in user. The browser tab stores what the user types and runs, but no headers.

import { el, script } from "./dom.js";
import { tabs } from "./operations.js";
import { send } from "./session.js";
import { renewSession, requireSession, viewer } from "./signing.js";

const [ide, loading, runs] = ["ide", "loading", "history"].map((id) => document.getElementById(id));
const { vendored } = ide.dataset;
const LIBRARY = `${vendored}/yoga-graphiql.umd.js`;
const RUNS = "gateway:runs", OPENED = "gateway:opened", USER = "gateway:user";
const MAX_RUNS = 20;
/** GraphiQL stores its tabs half a second after a change. */
const STORING = 600;

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
  if (request.operationName !== "IntrospectionQuery") remember(request);
  let { status, answer } = await post(request, headers);
  const hasOwnKey = Object.keys(headers).some((name) => /^(authorization|x-auth-token)$/i.test(name));
  if (status === 401 && !hasOwnKey) {
    await renewSession();
    ({ answer } = await post(request, headers));
  }
  return answer;
}

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");
const write = (key, value) => sessionStorage.setItem(key, JSON.stringify(value));

/** Add a request to the history of the browser tab. */
function remember({ query, variables, operationName }) {
  const text = variables ? JSON.stringify(variables, null, 2) : "";
  const others = (read(RUNS) ?? []).filter((run) => run.query !== query || run.variables !== text);
  write(RUNS, [{ query, variables: text, name: operationName, at: Date.now() }, ...others].slice(0, MAX_RUNS));
  showRuns();
}

function showRuns() {
  const found = read(RUNS) ?? [];
  const time = (at) => new Date(at).toLocaleTimeString([], { timeStyle: "short" });
  const title = ({ name, query, at }) => `${time(at)} ${name ?? query.replace(/\s+/g, " ").slice(0, 40)}`;
  runs.parentElement.hidden = !found.length;
  runs.replaceChildren(el("option", "Open …"), ...found.map((run) => el("option", title(run))));
}

/** Open a request of the history in a tab of its own, when GraphiQL has stored the other tabs. */
runs.onchange = () => {
  write(OPENED, read(RUNS)[runs.selectedIndex - 1]);
  setTimeout(() => location.reload(), STORING);
};

/** Return the request that the history or the address opens, if there is one. */
function readOpened() {
  const opened = read(OPENED);
  sessionStorage.removeItem(OPENED);
  const query = new URLSearchParams(location.search).get("query");
  // Servers log addresses, but browsers do not send the part after "#".
  const variables = new URLSearchParams(location.hash.slice(1)).get("variables") ?? undefined;
  history.replaceState(null, "", location.pathname);
  return opened ?? (query && { query, variables });
}

/** Return the tabs of a first visit, and the text to show. GraphiQL opens another tab for a text that is in none. */
function chooseTabs(examples) {
  const opened = readOpened();
  const { tabs: stored, activeTabIndex } = read("graphiql:tabState") ?? {};
  const defaultTabs = opened ? [opened, ...examples] : examples;
  const { query, variables } = opened || stored?.[activeTabIndex] || defaultTabs[0];
  return { defaultTabs, query, variables };
}

/** Say what is loading, and how large it is. */
async function announce() {
  const { headers } = await fetch(LIBRARY, { method: "HEAD" });
  const megabytes = (Number(headers.get("Content-Length")) / 1e6).toFixed(1);
  loading.textContent = `Loading the query editor (${megabytes} MB) …`;
}

const style = new Promise((onload, onerror) =>
  // Own styles come later, and change some of these.
  document.head.prepend(el("link", { rel: "stylesheet", href: `${vendored}/graphiql.css`, onload, onerror })),
);
announce().catch(() => {});
const library = Promise.all([script(LIBRARY), style]).then(
  () => true,
  () => ((loading.textContent = "The query editor could not be loaded. Check your connection and reload the page."), false),
);
await requireSession();
// Another user of this browser tab does not see what the last one typed.
if (read(USER) !== viewer.user.id) sessionStorage.clear();
write(USER, viewer.user.id);
showRuns();
const examples = await tabs();
if (await library) {
  loading.remove();
  YogaGraphiQL.renderYogaGraphiQL(ide, {
    fetcher,
    ...chooseTabs(examples),
    storage: sessionStorage,
    shouldPersistHeaders: false,
    // Without this, GraphiQL writes the query into the address.
    onEditQuery: undefined,
  });
}
