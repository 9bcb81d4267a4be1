import { createRequire } from "node:module";
import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getRefetchMetadata,
  getSelector,
} from "relay-runtime";
import { createEnvironment } from "./environment.mjs";
import { key, MAX_PAGES, run, url } from "./scenarios.mjs";

const require = createRequire(import.meta.url);
const load = (name) => require(`./src/__generated__/${name}.graphql.js`);
const environment = createEnvironment(url, key);

const list = load("Integrations_query");
const integration = load("Integrations_integration");
const variables = { count: 2 };
const operation = createOperationDescriptor(load("IntegrationsQuery"), variables);
environment.retain(operation);

const send = (query, values) =>
  fetchQuery(environment, query, values, { networkCacheConfig: { force: true } }).toPromise();
const readFragment = (fragment, reference) => environment.lookup(getSelector(fragment, reference)).data;
const readList = () => readFragment(list, environment.lookup(operation.fragment).data).integrations;
const readNodes = () =>
  readList().edges.flatMap(({ node }) => (node ? [readFragment(integration, node)] : []));
const readNames = () => readNodes().map(({ name }) => name);

await run({
  async readPages() {
    await send(operation.request.node, variables);
    const { paginationRequest, paginationMetadata } = getPaginationMetadata(list, "test");
    for (let page = 1; page < MAX_PAGES && readList().pageInfo.hasNextPage; page += 1) {
      const { endCursor } = readList().pageInfo;
      await send(
        paginationRequest,
        getPaginationVariables("forward", variables.count, endCursor, variables, {}, paginationMetadata),
      );
    }
    return readNames();
  },

  async readNames() {
    await send(operation.request.node, variables);
    return readNames();
  },

  async refetch({ nodeId, changed }) {
    await send(operation.request.node, variables);
    const before = readNames();
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    await fetch(url, { method: "POST", headers, body: JSON.stringify({ query: changed }) });
    const { identifierInfo, refetchableRequest } = getRefetchMetadata(integration, "test");
    await send(refetchableRequest, { [identifierInfo.identifierQueryVariableName]: nodeId });
    return { before, after: readNames() };
  },

  async delete({ id }) {
    await send(operation.request.node, variables);
    const before = readNames();
    await new Promise((resolve, reject) => {
      commitMutation(environment, {
        mutation: load("deletionMutation"),
        variables: { id },
        onCompleted: resolve,
        onError: reject,
      });
    });
    return { before, after: readNames() };
  },
});
