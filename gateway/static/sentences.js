// Error codes as sentences for people. A page shows the message of the gateway only if its code has no sentence.

const LATER = "Please try again later.";

/** [sentence, whether it makes sense to try again] of each code. */
const SENTENCES = {
  UNAUTHENTICATED: ["This key is not valid. It may be mistyped, expired or revoked."],
  FORBIDDEN: ["Your key does not allow this. Ask your operator for a key with more permissions."],
  ORIGIN_NOT_ALLOWED: ["The key may not be used on this web site. Ask your operator to allow it."],
  NOT_FOUND: ["This does not exist, or your key may not see it."],
  COST_LIMIT_EXCEEDED: ["This is too much at once. Choose a shorter time."],
  TIMEOUT: ["This took too long and was stopped. Choose a shorter time, or try again.", true],
  RATE_LIMITED: ["There were too many requests with this key.", true],
  OVERLOADED: ["The gateway is busy.", true],
  UNAVAILABLE: ["The gateway cannot reach its data at the moment.", true],
  UNREACHABLE: ["The gateway cannot be reached. Check your connection.", true],
  INTERNAL_SERVER_ERROR: [`The gateway has failed. ${LATER}`, true],
};

/** Codes after which a page tries again by itself. */
const TEMPORARY = ["RATE_LIMITED", "OVERLOADED", "UNAVAILABLE", "UNREACHABLE"];

/** Return what an error {code, message, errorId} means, in sentences for a person. */
export function explain({ code, message, errorId }) {
  const [sentence = message] = SENTENCES[code] ?? [];
  return errorId ? `${sentence} Tell your operator the error id ${errorId}.` : sentence;
}

/** Return whether the same request may succeed later. Errors without a code may. */
export const mayRetry = ({ code }) => !code || Boolean(SENTENCES[code]?.[1]);

/** Return the seconds after which a page tries again, or null if the user decides when. */
export const pauseAfter = ({ code, retryAfter }) => (TEMPORARY.includes(code) ? retryAfter ?? null : null);
