// The operations that stand in the page, about things that the viewer has.

import { ask } from "./session.js";

const WEEK = 7 * 24 * 60 * 60 * 1000;

const OWN = `{
  connected: integrations(filter: { kind: [CONNECTED] }, first: 1) {
    nodes { id ... on ConnectedIntegration { config { provider } } }
  }
  webhooks: integrations(filter: { kind: [INCOMING_WEBHOOK, OUTGOING_WEBHOOK] }, first: 1) { nodes { id } }
}`;

/** A tab of GraphiQL for each; what is not known of the viewer's own stands there in capitals. */
export async function tabs() {
  const { data } = await ask(OWN);
  const connected = data?.connected?.nodes?.[0];
  const integrationId = connected?.id ?? "ID_OF_A_CONNECTED_INTEGRATION";
  const input = {
    name: "Appointment Reminders",
    timezone: "America/Chicago",
    startTime: "08:00:00",
    useCases: [
      {
        useCase: "LAB_REMINDER",
        actions: [{ actionType: "SMS", context: "lab_result_sms", day: 0, templateName: "Lab Result SMS" }],
      },
    ],
  };
  const provider = connected?.config?.provider ?? "MICROSOFT";
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
