import { gql } from "@apollo/client";
import { createClient, evict } from "./apollo.mjs";
import { key, MAX_PAGES, requests, run, url } from "./scenarios.mjs";

const client = createClient(url, key);

const INTEGRATIONS = gql`
  query Integrations($after: String) {
    integrations(first: 2, after: $after, orderBy: [{ field: NAME }]) {
      edges { node { nodeId id name } }
      pageInfo { endCursor hasNextPage }
    }
  }
`;
const RECORDS = gql`
  query Records($after: String) {
    integrations(orderBy: [{ field: NAME }]) {
      edges { node { nodeId name ... on ConnectedIntegration {
        resourceRecords(first: 2, after: $after) {
          edges { node { nodeId config { ... on PractitionerConfig { sourceId name } } } }
          pageInfo { endCursor hasNextPage }
        }
      } } }
      pageInfo { endCursor hasNextPage }
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

/** Query a list, fetch its other pages, and return the ids of the entries in the cache. */
async function readPages(query, variables, getList) {
  const observable = client.watchQuery({ query, variables });
  const subscription = observable.subscribe(() => {});
  let list = getList((await client.query({ query, variables })).data);
  for (let page = 1; page < MAX_PAGES && list.pageInfo.hasNextPage; page += 1) {
    await observable.fetchMore({ variables: { after: list.pageInfo.endCursor } });
    list = getList(client.readQuery({ query, variables }));
  }
  subscription.unsubscribe();
  return listNodes(list).map(({ id }) => id);
}

await run({
  readIntegrations: () => readPages(INTEGRATIONS, {}, ({ integrations }) => integrations),

  readRecords: ({ nodeId }) => readPages(CLINIC, { nodeId }, ({ node }) => node.resourceRecords),

  async readNames() {
    await client.query({ query: INTEGRATIONS });
    return listNodes(client.readQuery({ query: INTEGRATIONS }).integrations).map(({ id, name }) => [id, name]);
  },

  async readPractitioners() {
    await client.query({ query: RECORDS });
    const clinics = listNodes(client.readQuery({ query: RECORDS }).integrations);
    return clinics.map(({ resourceRecords }) => listNodes(resourceRecords).map(({ config }) => config));
  },

  async repeatQuery() {
    for (let count = 0; count < 2; count += 1) {
      await client.query({ query: gql`query Repeated { viewer { userId } }`, fetchPolicy: "network-only" });
    }
    return requests;
  },

  async deleteRecord({ nodeId, integrationId, id }) {
    const listIds = () => listNodes(client.readQuery({ query: CLINIC, variables: { nodeId } }).node.resourceRecords);
    await client.query({ query: CLINIC, variables: { nodeId } });
    const before = listIds().map((node) => node.id);
    await client.mutate({
      mutation: DELETE,
      variables: { integrationId, ids: [id] },
      update: (cache, { data }) => evict(cache, data.deleteResourceRecords),
    });
    return { before, after: listIds().map((node) => node.id) };
  },
});
