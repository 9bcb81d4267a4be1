// Downloads as CSV. The attribute `data-csv` of a button is a table or "all".

import { el, save } from "./dom.js";
import { session } from "./session.js";
import { renewSession } from "./signing.js";

/** Let buttons download what `read` returns as the variables of the dashboard's query. */
export function offerCsv(read) {
  document.addEventListener("click", async ({ target }) => {
    const pressed = target.closest("[data-csv]");
    if (!pressed) return;
    pressed.disabled = true;
    const why = await download(choose(pressed.dataset.csv, read())).catch(() => "The gateway cannot be reached.");
    pressed.disabled = false;
    pressed.parentElement.querySelector(".refused")?.remove();
    if (why) pressed.after(el("p.refused", { role: "alert" }, why));
  });
}

/** Return the parameters for a table. Excel needs `bom`. */
function choose(table, { id, type, first, last, days, by, search, source, utmSource, utmMedium, utmCampaign }) {
  const part = table === "utm" ? document.querySelector("#utm :checked").value : table;
  const renamed = { integrationId: id, appointmentType: type, firstDay: first, lastDay: last };
  const fillGaps = !!(days ?? (first && last));
  return { ...renamed, part, days, by, search, source, utmSource, utmMedium, utmCampaign, fillGaps, bom: true };
}

/** Save a table as a file, or return why not. */
async function download(chosen) {
  const { csrfToken } = (await session()) ?? (await renewSession());
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrfToken };
  const answer = await fetch("/statistics.csv", { method: "POST", headers, body: JSON.stringify(chosen) });
  if (!answer.ok) return [(await answer.json()).detail].flat().map((each) => each.msg ?? each).join(" ");
  const [, name] = answer.headers.get("Content-Disposition").match(/"(.+)"/);
  save(await answer.blob(), name);
  document.getElementById("said").textContent = `Saved to ${name}.`;
}
