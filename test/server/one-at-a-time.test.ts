// Requests that a client sends before it has the answer to the one before: worked for one by one, and only so many kept.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { oneAtATime } from "../../src/server/one-at-a-time.ts";
import { eventually } from "../support/eventually.ts";

const left: (() => void)[] = [];

afterEach(() => {
  for (const end of left.splice(0)) end();
});

/** A server whose answers the test gives, and a client of it. */
async function serve() {
  const begun: { readonly path: string; readonly response: ServerResponse }[] = [];
  const server = createServer(oneAtATime(({ url = "" }, response) => void begun.push({ path: url, response })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  left.push(() => server.close().closeAllConnections());
  const open = (): { readonly socket: Socket; readonly received: () => string } => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    left.push(() => socket.destroy());
    let received = "";
    socket.setEncoding("utf8").on("data", (text: string) => (received += text));
    return { socket, received: () => received };
  };
  const begunAre = (count: number) => eventually(`${count} have begun`, () => begun.length === count || null);
  return { begun, begunAre, open };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`;
const post = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody`;

it("begins a request when the one before it has its answer, and answers in order", async () => {
  const { begun, begunAre, open } = await serve();
  const { socket, received } = open();
  socket.write(get("/1") + post("/2") + get("/3"));
  for (const number of [1, 2, 3]) {
    await begunAre(number);
    begun.at(-1)?.response.end(`answer ${number};`);
  }
  await eventually("all are answered", () => received().includes("answer 3;") || null);
  expect(begun.map(({ path }) => path)).toEqual(["/1", "/2", "/3"]);
  expect(received().match(/answer \d/gu)).toEqual(["answer 1", "answer 2", "answer 3"]);
});

it("lets no connection wait for another", async () => {
  const { begun, begunAre, open } = await serve();
  open().socket.write(get("/slow") + get("/behind"));
  await begunAre(1);
  const { socket, received } = open();
  socket.write(get("/other"));
  await begunAre(2);
  begun[1]?.response.end("other");
  await eventually("it is answered", () => received().includes("other") || null);
});

it("refuses what comes when sixteen wait", async () => {
  const { begun, begunAre, open } = await serve();
  const { socket, received } = open();
  socket.write(get("/").repeat(20));
  for (let number = 1; number <= 17; number += 1) {
    await begunAre(number);
    begun.at(-1)?.response.end();
  }
  await eventually("all are answered", () => received().split("HTTP/1.1 ").length === 21 || null);
  expect(received().match(/HTTP\/1\.1 429/gu)).toHaveLength(3);
  expect(received()).toContain("RATE_LIMITED");
});

it("forgets what waits on a connection that is gone", async () => {
  const { begun, begunAre, open } = await serve();
  const { socket } = open();
  socket.write(get("/1") + get("/2"));
  await begunAre(1);
  const closed = once(begun[0]?.response ?? socket, "close");
  socket.destroy();
  await closed;
  const other = open();
  other.socket.write(get("/3"));
  await begunAre(2);
  expect(begun.map(({ path }) => path)).toEqual(["/1", "/3"]);
});
