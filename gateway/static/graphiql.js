// GraphiQL, for whoever is signed in. It keeps what is typed for as long as the browser's tab is open, headers not
// even that; the key is exchanged for a session at once.

import { tabs } from "./operations.js";
import { session, signIn, signOut } from "./session.js";

const UNAUTHENTICATED = 401;

const ide = document.getElementById("ide");
const dialog = document.getElementById("sign-in");
const refusal = document.getElementById("refusal");
const { vendored } = ide.dataset;

let viewer = null;
let renewing = null;

self.MonacoEnvironment = {
  getWorkerUrl(_module, language) {
    // One of them is really spelled like this.
    const names = { graphql: "graphql.worker.", json: "json.worker" };
    return `${vendored}/monacoeditorwork/${names[language] ?? "editor.worker"}.bundle.js`;
  },
};

/** Whether this script could be loaded. */
function loaded(src) {
  return new Promise((resolve) => {
    const [onload, onerror] = [() => resolve(true), () => resolve(false)];
    document.head.append(Object.assign(document.createElement("script"), { src, onload, onerror }));
  });
}

/** Ask for a key until one is good; gives the session. */
function keyAsked(reason = "") {
  const key = document.getElementById("key");
  refusal.textContent = reason;
  // Escape closes it, and there is nothing to do without.
  dialog.onclose = () => dialog.showModal();
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.onsubmit = async (event) => {
      event.preventDefault();
      const given = key.value.trim();
      key.value = "";
      try {
        resolve(await signIn(given));
        dialog.onclose = null;
        dialog.close();
      } catch (error) {
        refusal.textContent = error.message;
        key.focus();
      }
    };
  });
}

/** The session there is, else one for a key. */
async function begun() {
  try {
    return (await session()) ?? (await keyAsked());
  } catch (error) {
    return keyAsked(error.message);
  }
}

function greet(found) {
  viewer = found;
  const until = document.createElement("time");
  until.dateTime = found.expiresAt;
  until.textContent = new Date(found.expiresAt).toLocaleTimeString([], { timeStyle: "short" });
  document.getElementById("viewer").replaceChildren(`${found.user.name}, until `, until);
  document.getElementById("sign-out").hidden = false;
}

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
    // Several requests may find out at once.
    renewing ??= keyAsked("The session has ended.");
    greet(await renewing);
    renewing = null;
    response = await sent(request, headers);
  }
  return response.json();
}

document.getElementById("sign-out").onclick = async () => {
  try {
    await signOut();
    sessionStorage.clear();
    location.reload();
  } catch (error) {
    document.getElementById("viewer").textContent = error.message;
  }
};

/** The tab that was shown last, or the first. */
function shown(defaultTabs) {
  const { tabs: kept, activeTabIndex } = JSON.parse(sessionStorage.getItem("graphiql:tabState") ?? "{}");
  return kept?.[activeTabIndex] ?? defaultTabs[0];
}

function show(defaultTabs) {
  const { query, variables } = shown(defaultTabs);
  YogaGraphiQL.renderYogaGraphiQL(ide, {
    fetcher,
    defaultTabs,
    // It opens one more tab unless it begins with what one of them holds.
    query,
    variables,
    storage: sessionStorage,
    shouldPersistHeaders: false,
    // It would write into the address what is typed.
    onEditQuery: undefined,
  });
}

const library = loaded(`${vendored}/yoga-graphiql.umd.js`);
greet(await begun());
const defaultTabs = await tabs();
if (await library) show(defaultTabs);
else ide.textContent = "GraphiQL could not be loaded. Look at the connection, and load the page again.";
