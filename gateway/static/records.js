// The records behind a number, in a dialog. They are patient data: nothing of them stays when it closes.

import { button, el, failure, notice } from "./dom.js";
import { STATES } from "./formats.js";
import { ask } from "./session.js";
import { renewSession, viewer } from "./signing.js";

const RECORDS = `query Records(
  $id: ID!, $search: String, $filter: ResourceRecordFilter, $before: String, $isFirst: Boolean!
) {
  integration(id: $id) { ... on ConnectedIntegration {
    resourceRecords(type: APPOINTMENTS, search: $search, filter: $filter, last: 25, before: $before) {
      totalCount @include(if: $isFirst)
      pageInfo { hasPreviousPage startCursor }
      nodes { id createdAt config { ... on AppointmentConfig {
        bookingStatus errorMessage appointmentType start patientName source utmCampaign
      } } }
    }
  } }
}`;

const FORBIDDEN = "Your key may count bookings, but not read them. Ask your operator for a key with READ_RECORDS.";

/** Return whether the viewer may read records. */
export const mayReadRecords = () => viewer?.permissions.includes("READ_RECORDS") ?? false;

const dialog = document.querySelector("#records");
const body = dialog.querySelector(".body");
let reading = null;

/** Open the dialog. `about` says what the list contains; `variables` has the id, search and filter of the query. */
export function openRecords({ title, about, variables, formats, timezone, types }) {
  dialog.querySelector("h2").textContent = title;
  dialog.querySelector("#records-about").textContent = about;
  body.replaceChildren();
  dialog.showModal();
  if (!mayReadRecords()) return body.replaceChildren(notice("These bookings are not shown", FORBIDDEN));
  reading = new AbortController();
  const rows = el("tbody");
  const columns = ["Booked", "Patient", "Visit", "Status", "Source", "Campaign"];
  const head = el("thead", el("tr", columns.map((name) => el("th", { scope: "col" }, name))));
  const table = el("table.records", el("caption.spoken", `${title}, newest first`), head, rows);
  const scroll = el("div.scroll", { tabindex: 0, role: "group", "aria-label": "Bookings" }, table);
  const foot = el("div.foot", { role: "status" });
  const row = ({ createdAt, config }) => record(createdAt, config, { formats, timezone, types });
  readPage({ scroll, rows, foot, row, variables, formats, signal: reading.signal });
}

/** Read the page before the cursor, and add its rows. */
async function readPage(list, before = null, total = 0) {
  const { scroll, rows, foot, row, variables, formats, signal } = list;
  const again = () => readPage(list, before, total);
  body.ariaBusy = true;
  const answer = await ask(RECORDS, { ...variables, before, isFirst: !before }, { signal }).catch(() => null);
  if (signal.aborted) return;
  body.ariaBusy = false;
  const { data, errors } = answer;
  if (errors.some(({ code }) => code === "UNAUTHENTICATED")) return renewSession().then(again);
  const found = data?.integration?.resourceRecords;
  if (!found) return body.replaceChildren(failure(errors[0], again));
  const isContinued = foot.contains(document.activeElement);
  rows.append(...found.nodes.reverse().map(row));
  const all = found.totalCount ?? total;
  const { hasPreviousPage, startCursor } = found.pageInfo;
  const more = hasPreviousPage && button("", () => readPage(list, startCursor, all), "Show older bookings");
  foot.replaceChildren(el("span", `${formats.number(rows.rows.length)} of ${formats.number(all)} bookings`), more || "");
  if (!scroll.isConnected) body.replaceChildren(scroll, foot);
  if (isContinued) (more || scroll).focus();
}

function record(createdAt, config, { formats, timezone, types }) {
  const { bookingStatus, errorMessage, appointmentType, start, patientName, source, utmCampaign } = config;
  const status = bookingStatus.toLowerCase();
  const type = [...types.options].find(({ value }) => value && value === appointmentType);
  return el(
    "tr",
    el("th", { scope: "row" }, formats.instant(createdAt, timezone)),
    el("td", patientName ?? "–"),
    el("td", type?.text ?? "–", start && el("small", formats.instant(start, timezone))),
    el("td", el(`span.sign.${status}`, STATES[status]), errorMessage && el("p.why", errorMessage)),
    el("td", source ?? "–"),
    el("td", utmCampaign ?? "–"),
  );
}

dialog.onclose = () => {
  reading?.abort();
  body.replaceChildren();
};
dialog.querySelector(".close").onclick = () => dialog.close();
