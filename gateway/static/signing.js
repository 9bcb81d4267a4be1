// Sign-in and sign-out, on pages that have the sign-in dialog.

import { explain, pauseAfter } from "./sentences.js";
import { session, signIn, signOut } from "./session.js";

const ids = ["sign-in", "key", "refusal", "viewer", "sign-out"];
const [dialog, key, refusal, who, out] = ids.map((id) => document.getElementById(id));

/** The session, or null. */
export let viewer = null;
let renewal = null;
let timer = null;

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** Return the session. Ask for a key if there is none, and wait while the gateway is away. */
export async function requireSession() {
  for (;;) {
    try {
      const found = await session();
      return found ? greet(found) : askForKey();
    } catch (error) {
      const pause = pauseAfter(error);
      if (pause === null) return askForKey(explain(error));
      who.textContent = `${explain(error)} Trying again in ${pause} s.`;
      await wait(pause);
    }
  }
}

/** Ask for a key until one is valid, and return its session. */
function askForKey(reason = "") {
  refusal.textContent = reason;
  // Escape closes the dialog, but the page needs a session.
  dialog.onclose = () => dialog.showModal();
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.onsubmit = async (event) => {
      event.preventDefault();
      const entered = key.value.trim();
      key.value = "";
      try {
        resolve(greet(await signIn(entered)));
        dialog.onclose = null;
        dialog.close();
      } catch (error) {
        refusal.textContent = explain(error);
        key.focus();
      }
    };
  });
}

/** Return a new session after the old one has ended. Several requests may call this at once. */
export const renewSession = () =>
  (renewal ??= askForKey("Your session has ended. Please sign in again.").finally(() => (renewal = null)));

/** Show who is signed in, until the session ends. */
export function greet(found) {
  viewer = found;
  const until = document.createElement("time");
  until.dateTime = found.expiresAt;
  const left = Date.parse(found.expiresAt) - Date.now();
  const dateStyle = left < 86_400_000 ? undefined : "medium";
  until.textContent = new Date(found.expiresAt).toLocaleString([], { dateStyle, timeStyle: "short" });
  who.replaceChildren(`${found.user.name} · ${found.team.name} · until `, until);
  out.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => renewSession().then(() => location.reload()), Math.min(left, 2 ** 31 - 1));
  return found;
}

/** Clear what the user typed and saw. */
function leave() {
  // GraphiQL may write once more before the page is gone.
  Storage.prototype.setItem = () => {};
  sessionStorage.clear();
  location.reload();
}

out.onclick = () => signOut().then(leave, (error) => (who.textContent = explain(error)));

// The back button may restore a page from before the user signed out.
addEventListener("pageshow", async ({ persisted }) => {
  if (persisted && (await session().catch(() => viewer)) === null) leave();
});
