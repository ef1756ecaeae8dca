// A client that has begun a request and never ends it: a server that closes has to cut its connection.
import { once } from "node:events";
import { connect } from "node:net";

/** @returns resolves when the server has cut the connection */
export async function holdConnection(url: string): Promise<{ readonly cut: Promise<void> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const cut = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  // A connection that is cut may be one that is reset.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write("GET / HTTP/1.1\r\nHost: vendor\r\n");
  return { cut };
}
