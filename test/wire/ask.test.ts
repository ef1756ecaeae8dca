// One call with a client that answers from memory: what the reader is told, and whose failures come through.
import { expect, it } from "vitest";
import { createAsk } from "../../src/wire/ask.ts";
import type { HttpClient, HttpRequest } from "../../src/wire/http-client.ts";

const REQUEST: HttpRequest = { operation: "get run", method: "GET", path: "/runs/42" };

it("gives the reader the body, and where it came from", async () => {
  const asked: HttpRequest[] = [];
  const http: HttpClient = {
    request: (request) => {
      asked.push(request);
      return Promise.resolve({ status: 201, headers: {}, body: { id: "42" } });
    },
    theirTime: (ours: Date) => ours,
    close: () => Promise.resolve(),
  };
  const seen = await createAsk(http, "acme-eu")(REQUEST, (body, source) => ({ body, source }));
  expect(seen).toEqual({
    body: { id: "42" },
    source: { provider: "acme-eu", request: "GET /runs/42", httpStatus: 201 },
  });
  expect(asked).toEqual([REQUEST]);
});

it("passes on the client's failure without asking the reader", async () => {
  const failure = new Error("no answer");
  const http: HttpClient = {
    request: () => Promise.reject(failure),
    theirTime: (ours: Date) => ours,
    close: () => Promise.resolve(),
  };
  const asking = createAsk(http, "acme-eu")(REQUEST, () => "read");
  await expect(asking).rejects.toBe(failure);
});
