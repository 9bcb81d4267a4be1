// GraphiQL's first tabs: the operations in the page, with ids that the viewer can see.

import { ask } from "./session.js";

const WEEK = 7 * 24 * 60 * 60 * 1000;

const OWN = `{
  connected: integrations(filter: { kind: [CONNECTED] }, first: 1) {
    nodes { id ... on ConnectedIntegration { config { provider } } }
  }
  webhooks: integrations(filter: { kind: [INCOMING_WEBHOOK, OUTGOING_WEBHOOK] }, first: 1) { nodes { id } }
}`;

/** Return {query, variables} of each tab. An unknown id is a word in capitals. */
export async function tabs() {
  const { data } = await ask(OWN);
  const connected = data?.connected?.nodes?.[0];
  const integrationId = connected?.id ?? "ID_OF_A_CONNECTED_INTEGRATION";
  const provider = connected?.config?.provider ?? "MICROSOFT";
  const input = JSON.parse(document.getElementById("group").text);
  const variables = {
    Export: { integrationId },
    UpsertGroup: { provider, integrationId, input, dryRun: true },
    Dashboard: { integrationId, start: new Date(Date.now() - WEEK).toISOString() },
    Integration: { id: data?.webhooks?.nodes?.[0]?.id ?? connected?.id ?? "ID_OF_AN_INTEGRATION" },
    Integrations: { filter: {}, first: 10 },
  };
  return [...document.querySelectorAll("script[data-operation]")].map(({ text, dataset }) => ({
    query: text.trimStart(),
    variables: JSON.stringify(variables[dataset.operation], null, 2),
  }));
}
