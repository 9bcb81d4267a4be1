// Run the scenario that the command line names, with its arguments, and print what it returns as JSON.

/** The number of pages after which a scenario stops, if a client does not notice the last one. */
export const MAX_PAGES = 9;

/** The requests of this process so far, as method and status. */
export const requests = [];

const { fetch } = globalThis;
globalThis.fetch = async (url, options) => {
  const response = await fetch(url, options);
  requests.push([options.method, response.status]);
  return response;
};

export const { GATEWAY_URL: url, GATEWAY_KEY: key } = process.env;

export async function run(scenarios) {
  const [name, options] = process.argv.slice(2);
  console.log(JSON.stringify(await scenarios[name](JSON.parse(options))));
}
