// Signing in, and asking the graph, from a page of the gateway's own origin.
//
// The key is exchanged for a cookie that no script can read; nothing is stored here. What is kept, in this module's
// memory alone, is the session's `csrfToken`, which mutations over the cookie need.

let csrfToken = null;

/** The session, or null when nobody is signed in.
 *
 * {user: {id, name}, team: {id, name}, permissions: [string], expiresAt: "…Z", csrfToken}
 */
export async function session() {
  const { status, answer } = await sent("GET", "/session");
  if (status === 401) csrfToken = null;
  return status === 401 ? null : begun(answer);
}

/** Exchange a key for a session. Throws {code, message} when the key is not good. */
export async function signIn(key) {
  return begun((await sent("POST", "/session", { key })).answer);
}

/** End the session, here and in the database. */
export async function signOut() {
  // The page may not have asked for the session that its cookie stands for.
  if (csrfToken === null && (await session()) === null) return;
  const { answer } = await sent("DELETE", "/session");
  csrfToken = null;
  if (answer.errors) throw failures(answer)[0];
}

/** Ask the graph: {data, errors}, where `errors` is a list of {code, message, path, …}, empty when all went well.
 *
 * `data` is null when there is none. Throws only what `signal` aborts with.
 */
export async function ask(document, variables = {}, { signal } = {}) {
  const { status, answer } = await sent("POST", "/graphql", { query: document, variables }, signal);
  if (status === 401) csrfToken = null;
  return { data: answer.data ?? null, errors: failures(answer) };
}

function begun(answer) {
  if (answer.errors) throw failures(answer)[0];
  csrfToken = answer.csrfToken;
  return answer;
}

function failures({ errors = [] }) {
  return errors.map(({ message, path = [], extensions = {} }) => ({ ...extensions, message, path }));
}

async function sent(method, path, content, signal) {
  const headers = { Accept: "application/json" };
  if (content) headers["Content-Type"] = "application/json";
  if (csrfToken && method !== "GET") headers["X-CSRF-Token"] = csrfToken;
  try {
    const body = content && JSON.stringify(content);
    const response = await fetch(path, { method, headers, body, signal, credentials: "same-origin" });
    return { status: response.status, answer: response.status === 204 ? {} : await response.json() };
  } catch (error) {
    if (signal?.aborted) throw error;
    const message = "The gateway could not be reached. Look at the connection, and try again.";
    return { status: 0, answer: { errors: [{ message, extensions: { code: "UNREACHABLE" } }] } };
  }
}
