// Who is signed in, on pages that have the dialog to sign in with.

import { session, signIn, signOut } from "./session.js";

const ids = ["sign-in", "key", "refusal", "viewer", "sign-out"];
const [dialog, key, refusal, who, out] = ids.map((id) => document.getElementById(id));

/** The session. */
export let viewer = null;
let asking = null;
let timer = null;

/** The session there is, else one for a key. */
export async function begun() {
  try {
    const found = await session();
    return found ? greet(found) : keyAsked();
  } catch (error) {
    return keyAsked(error.message);
  }
}

/** Ask for a key until one is good; gives the session. */
export function keyAsked(reason = "") {
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
        resolve(greet(await signIn(given)));
        dialog.onclose = null;
        dialog.close();
      } catch (error) {
        refusal.textContent = error.message;
        key.focus();
      }
    };
  });
}

/** The session has ended, as several requests may find out at once; gives another. */
export const ended = () => (asking ??= keyAsked("The session has ended.").finally(() => (asking = null)));

function greet(found) {
  viewer = found;
  const until = document.createElement("time");
  until.dateTime = found.expiresAt;
  until.textContent = new Date(found.expiresAt).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
  who.replaceChildren(`${found.user.name} · ${found.team.name} · until `, until);
  out.hidden = false;
  clearTimeout(timer);
  const left = Date.parse(found.expiresAt) - Date.now();
  timer = setTimeout(() => ended().then(() => location.reload()), Math.min(left, 2 ** 31 - 1));
  return found;
}

out.onclick = async () => {
  try {
    await signOut();
    sessionStorage.clear();
    location.reload();
  } catch (error) {
    who.textContent = error.message;
  }
};
