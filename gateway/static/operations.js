// The five operations that the gateway is for, about things that the viewer has.

import { ask } from "./session.js";

const WEEK = 7 * 24 * 60 * 60 * 1000;

const OWN = `{
  connected: integrations(filter: { kind: [CONNECTED] }, first: 1) {
    nodes { id ... on ConnectedIntegration { config { provider } } }
  }
  webhooks: integrations(filter: { kind: [INCOMING_WEBHOOK, OUTGOING_WEBHOOK] }, first: 1) { nodes { id } }
}`;

const EXPORT = `# One integration, all its use cases
# and resource records
query Export($integrationId: ID!) {
  integrationExport(
    integrationId: $integrationId
  ) {
    integration {
      name
      status
      config { provider tokenState }
    }
    useCases { config { name status } }
    resourceRecords { type }
    checksum
    redactedFields
  }
}
`;

const UPSERT = `# A named set of use cases; a dry run says
# what it would do, and keeps nothing
mutation UpsertGroup(
  $provider: Provider!
  $integrationId: ID!
  $input: UseCaseGroupInput!
  $dryRun: Boolean!
) {
  upsertUseCaseGroup(
    provider: $provider
    integrationId: $integrationId
    input: $input
    dryRun: $dryRun
  ) {
    outcome
    group { slug timezone startTime nextRunAt }
    useCases {
      outcome
      useCase { config { displayName } }
    }
    errors { code message path }
  }
}
`;

const DASHBOARD = `# How appointments went, day by day
query Dashboard(
  $integrationId: ID!
  $start: DateTime!
) {
  appointmentStatistics(
    integrationId: $integrationId
    start: $start
    size: 5
  ) {
    overview { total successful failed pending }
    trends { day successful failed }
    source { value count }
    utmSource { value count }
    utmMedium { value count }
    utmCampaign { value count }
    asOf
  }
}
`;

const INTEGRATION = `# One integration, of either world
query Integration($id: ID!) {
  integration(id: $id) {
    __typename
    id
    name
    enabled
    createdAt
    createdBy { id username }
    ... on ConnectedIntegration {
      status
      config { provider tokenState }
    }
    ... on WebhookIntegration {
      type
      channel
      username
    }
    ... on OutgoingWebhook {
      event
      urls
      triggerWords
    }
  }
}
`;

const INTEGRATIONS = `# The integrations that you may see
query Integrations(
  $filter: IntegrationFilter
  $first: Int
) {
  integrations(
    filter: $filter
    first: $first
    orderBy: [{ field: NAME }]
  ) {
    totalCount
    nodes { __typename id name enabled }
    pageInfo { hasNextPage endCursor }
  }
}
`;

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
  const found = [
    [EXPORT, { integrationId }],
    [UPSERT, { provider, integrationId, input, dryRun: true }],
    [DASHBOARD, { integrationId, start: new Date(Date.now() - WEEK).toISOString() }],
    [INTEGRATION, { id: data?.webhooks?.nodes?.[0]?.id ?? connected?.id ?? "ID_OF_AN_INTEGRATION" }],
    [INTEGRATIONS, { filter: {}, first: 10 }],
  ];
  return found.map(([query, variables]) => ({ query, variables: JSON.stringify(variables, null, 2) }));
}
