// Sessions and GraphQL requests. The session is a cookie that scripts cannot read; mutations need its `csrfToken`.

let csrfToken = null;

/** Return the session, or null if nobody is signed in:
 *
 * {user: {id, name}, team: {id, name}, permissions: [string], expiresAt: "…Z", csrfToken}
 */
export async function session() {
  const { status, answer } = await send("GET", "/session");
  return status === 401 ? null : readSession(answer);
}

/** Exchange a key for a session. Throws {code, message} if the key is not valid. */
export const signIn = async (key) => readSession((await send("POST", "/session", { key })).answer);

/** End the session, here and in the database. */
export async function signOut() {
  // The page may not have read the session of its cookie yet.
  if (csrfToken === null && (await session()) === null) return;
  const { answer } = await send("DELETE", "/session");
  csrfToken = null;
  if (answer.errors) throw readErrors(answer)[0];
}

/** Send a query and return {data, errors, text}. `errors` lists {code, message, path, …}; `text` is the response.
 *
 * With a `token`, `endpoint` may be another gateway's. Throws only when `signal` aborts.
 */
export async function ask(query, variables = {}, { signal, endpoint = "/graphql", token } = {}) {
  const headers = token && { Authorization: `Bearer ${token}` };
  const { answer, text } = await send("POST", endpoint, { query, variables }, { signal, headers });
  return { data: answer.data ?? null, errors: readErrors(answer), text };
}

function readSession(answer) {
  if (answer.errors) throw readErrors(answer)[0];
  csrfToken = answer.csrfToken;
  return answer;
}

const readErrors = ({ errors = [] }) =>
  errors.map(({ message, path = [], extensions = {} }) => ({ ...extensions, message, path }));

/** Send JSON and return {status, answer, text}. Without `headers`, the request proves that it is the session's. */
export async function send(method, path, content, { signal, headers = csrfToken && { "X-CSRF-Token": csrfToken } } = {}) {
  try {
    const own = { Accept: "application/json", "Content-Type": "application/json", ...headers };
    const body = content && JSON.stringify(content);
    const response = await fetch(path, { method, headers: own, body, signal, credentials: "same-origin" });
    if (response.status === 401) csrfToken = null;
    const text = await response.text();
    return { status: response.status, answer: text ? JSON.parse(text) : {}, text };
  } catch (error) {
    if (signal?.aborted) throw error;
    const message = "The gateway cannot be reached. Check your connection and try again.";
    return { status: 0, answer: { errors: [{ message, extensions: { code: "UNREACHABLE" } }] } };
  }
}
