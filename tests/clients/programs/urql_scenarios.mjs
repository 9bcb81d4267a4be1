import { gql } from "@urql/core";
import { getIntrospectionQuery } from "graphql";
import { key, MAX_PAGES, requests, run, url } from "./scenarios.mjs";
import { createClient } from "./urql.mjs";

const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
const body = JSON.stringify({ query: getIntrospectionQuery() });
const { data: schema } = await (await fetch(url, { method: "POST", headers, body })).json();
const client = createClient(url, key, schema);

const INTEGRATIONS = gql`
  query Integrations($after: String) {
    integrations(first: 2, after: $after, orderBy: [{ field: NAME }]) {
      edges { node { nodeId id name } }
      pageInfo { endCursor hasNextPage }
    }
  }
`;
const RECORDS = gql`
  query Records {
    integrations(orderBy: [{ field: NAME }]) {
      edges { node { nodeId ... on ConnectedIntegration {
        resourceRecords(first: 9) { edges { node { nodeId config { ... on PractitionerConfig { sourceId name } } } } }
      } } }
    }
  }
`;
const CLINIC = gql`
  query Clinic($nodeId: ID!, $after: String) {
    node(nodeId: $nodeId) { nodeId ... on ConnectedIntegration {
      resourceRecords(first: 2, after: $after) { edges { node { nodeId id } } pageInfo { endCursor hasNextPage } }
    } }
  }
`;
const DELETE = gql`
  mutation Delete($integrationId: ID!, $ids: [ID!]!) {
    deleteResourceRecords(integrationId: $integrationId, ids: $ids) { deletedNodeIds errors { message } }
  }
`;

const listNodes = ({ edges }) => edges.map(({ node }) => node);
const listIds = (list) => listNodes(list).map(({ id }) => id);

async function send(operation) {
  const { data, error } = await operation.toPromise();
  if (error) throw error;
  return data;
}

/** Query all pages of a list, and return the ids of its entries in the answer to the last one. */
async function readPages(query, variables, getList) {
  let list = getList(await send(client.query(query, variables)));
  for (let page = 1; page < MAX_PAGES && list.pageInfo.hasNextPage; page += 1) {
    list = getList(await send(client.query(query, { ...variables, after: list.pageInfo.endCursor })));
  }
  return listIds(list);
}

await run({
  readIntegrations: () => readPages(INTEGRATIONS, {}, ({ integrations }) => integrations),

  readRecords: ({ nodeId }) => readPages(CLINIC, { nodeId }, ({ node }) => node.resourceRecords),

  async readNames() {
    await send(client.query(INTEGRATIONS, {}));
    const found = await client.query(INTEGRATIONS, {}, { requestPolicy: "cache-only" }).toPromise();
    return listNodes(found.data.integrations).map(({ id, name }) => [id, name]);
  },

  async readPractitioners() {
    await send(client.query(RECORDS, {}));
    const found = await client.query(RECORDS, {}, { requestPolicy: "cache-only" }).toPromise();
    const clinics = listNodes(found.data.integrations);
    return clinics.map(({ resourceRecords }) => listNodes(resourceRecords).map(({ config }) => config));
  },

  async deleteRecord({ nodeId, integrationId, id }) {
    const before = await send(client.query(CLINIC, { nodeId }));
    await send(client.mutation(DELETE, { integrationId, ids: [id] }));
    const sent = requests.length;
    const after = await send(client.query(CLINIC, { nodeId }));
    const [first, second] = [before, after].map(({ node }) => listIds(node.resourceRecords));
    return { before: first, after: second, reads: requests.length - sent };
  },
});
