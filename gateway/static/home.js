// The first page: says who is signed in, and signs in on demand.

import { explain } from "./sentences.js";
import { session } from "./session.js";
import { greet, requireSession } from "./signing.js";

const [enter, who] = ["enter", "viewer"].map((id) => document.getElementById(id));

async function show() {
  const found = await session();
  enter.hidden = Boolean(found);
  if (found) greet(found);
  else who.textContent = "Nobody is signed in.";
}

enter.onclick = () => requireSession().then(() => (enter.hidden = true));
show().catch((error) => (who.textContent = explain(error)));
