// Creates an integration through a proxy that loses the first answer, and prints what the client got.

import http from "node:http";
import { fetchOnce } from "./fetch-once.mjs";

const QUERY = 'mutation { createIntegration(input: {connected: {name: "n", provider: GOOGLE}}) { errors { code } } }';
let requests = 0;

const proxy = http.createServer(async (request, response) => {
  const isFirst = requests++ === 0;
  const body = (await request.toArray()).join("");
  const { "content-type": type, authorization, "idempotency-key": key } = request.headers;
  const headers = { "Content-Type": type, Authorization: authorization, "Idempotency-Key": key };
  const answer = await fetch(process.env.GATEWAY_URL, { method: "POST", body, headers });
  const text = await answer.text();
  if (isFirst) return request.socket.destroy();
  response.writeHead(answer.status, { "Idempotent-Replayed": answer.headers.get("Idempotent-Replayed") ?? "false" });
  response.end(text);
});

await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
const answer = await fetchOnce(`http://127.0.0.1:${proxy.address().port}`, {
  method: "POST",
  headers: { "Content-Type": "application/json", Authorization: `Bearer ${process.env.GATEWAY_KEY}` },
  body: JSON.stringify({ query: QUERY }),
});
const replayed = answer.headers.get("Idempotent-Replayed");
console.log(JSON.stringify({ requests, replayed, answer: await answer.json() }));
proxy.close();
proxy.closeAllConnections();
