// Sessions and GraphQL requests. The session is a cookie that scripts cannot read; mutations need its `csrfToken`.

const MAX_PAUSE = 60;

let csrfToken = null;
let awaySince = null;

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
 * While the gateway is away or limits requests, `retryAfter` of an error is the number of seconds to wait.
 * With a `token`, `endpoint` may be another gateway's. Throws only when `signal` aborts.
 */
export async function ask(query, variables = {}, { signal, endpoint = "/graphql", token } = {}) {
  const headers = token && { Authorization: `Bearer ${token}` };
  const { answer, text } = await send("POST", endpoint, { query, variables }, { signal, headers });
  if (!answer.data && !answer.errors?.length) answer.errors = unreachable(measurePause());
  return { data: answer.data ?? null, errors: readErrors(answer), text };
}

function readSession(answer) {
  if (answer.errors) throw readErrors(answer)[0];
  csrfToken = answer.csrfToken;
  return answer;
}

const readErrors = ({ errors = [] }) =>
  errors.map(({ message, path = [], extensions = {} }) => ({ ...extensions, message, path }));

/** Return the pause until the next attempt: 1, 2, 4 … 60 seconds, as long as the gateway has been away. */
function measurePause() {
  awaySince ??= Date.now();
  return Math.min(MAX_PAUSE, Math.max(1, Math.round((Date.now() - awaySince) / 1000)));
}

const unreachable = (retryAfter) => [
  { message: "The gateway cannot be reached.", extensions: { code: "UNREACHABLE", retryAfter } },
];

/** Read an answer. If the gateway refuses all requests for now, write the pause into the errors. */
async function readAnswer(response) {
  const text = await response.text();
  const answer = text ? JSON.parse(text) : {};
  const isAway = response.status === 503;
  if (!isAway) awaySince = null;
  if (isAway || response.status === 429) {
    const retryAfter = Math.max(Number(response.headers.get("Retry-After")), isAway ? measurePause() : 1);
    for (const error of answer.errors ?? []) error.extensions = { ...error.extensions, retryAfter };
  }
  return { status: response.status, answer, text };
}

/** Send JSON and return {status, answer, text}. Without `headers`, the request proves that it is the session's. */
export async function send(method, path, content, { signal, headers = csrfToken && { "X-CSRF-Token": csrfToken } } = {}) {
  try {
    const own = { Accept: "application/json", "Content-Type": "application/json", ...headers };
    const body = content && JSON.stringify(content);
    const response = await fetch(path, { method, headers: own, body, signal, credentials: "same-origin" });
    if (response.status === 401) csrfToken = null;
    return await readAnswer(response);
  } catch (error) {
    if (signal?.aborted) throw error;
    return { status: 0, answer: { errors: unreachable(measurePause()) } };
  }
}
