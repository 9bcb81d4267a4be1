// Who is signed in, on pages that have the dialog to sign in with.

import { session, signIn, signOut } from "./session.js";

const [dialog, key, refusal, who, out] = ["sign-in", "key", "refusal", "viewer", "sign-out"].map((id) => document.getElementById(id));

/** The session. */
export let viewer = null;
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
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.oncancel = (event) => event.preventDefault();
    dialog.onsubmit = async (event) => {
      event.preventDefault();
      const given = key.value.trim();
      key.value = "";
      try {
        resolve(greet(await signIn(given)));
        dialog.close();
      } catch (error) {
        refusal.textContent = error.message;
        key.focus();
      }
    };
  });
}

/** The session has ended, it seems; gives another. */
export const ended = () => keyAsked("The session has ended.");

function greet(found) {
  viewer = found;
  const until = document.createElement("time");
  until.dateTime = found.expiresAt;
  until.textContent = new Date(found.expiresAt).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
  who.replaceChildren([found.user.name, found.team.name !== found.team.id && found.team.name, "until "].filter(Boolean).join(" · "), until);
  out.hidden = false;
  clearTimeout(timer);
  const left = Date.parse(found.expiresAt) - Date.now();
  timer = setTimeout(() => ended().then(() => location.reload()), Math.min(left, 2 ** 31 - 1));
  return found;
}

out.onclick = async () => {
  await signOut();
  sessionStorage.clear();
  location.reload();
};
