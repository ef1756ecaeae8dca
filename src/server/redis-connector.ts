// The socket to Redis. The library's own hears one error of a socket; a second one, as when TLS is ended in its beginning, would end the process.
import { connect as connectPlain, type NetConnectOpts } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { AbstractConnector } from "ioredis";

type Stream = ReturnType<typeof connectPlain>;

interface ConnectorOptions {
  readonly host?: string;
  readonly port?: number;
  readonly family?: number;
  readonly path?: string;
  readonly tls?: ConnectionOptions;
  readonly disconnectTimeout: number;
}

export class RedisConnector extends AbstractConnector {
  readonly #options: ConnectorOptions;

  /** @param options the library's own, whose type it does not name here */
  constructor(options: unknown) {
    const given = options as ConnectorOptions;
    super(given.disconnectTimeout);
    this.#options = given;
  }

  connect(): Promise<Stream> {
    this.connecting = true;
    const { host = "localhost", port = 6379, family, path, tls } = this.#options;
    const place: NetConnectOpts = path ? { path } : { host, port, ...(family ? { family } : {}) };
    return new Promise((resolve, reject) => {
      process.nextTick(() => {
        if (!this.connecting) {
          reject(new Error("Connection is closed."));
          return;
        }
        const stream = tls ? connectTls({ ...place, ...tls }) : connectPlain(place);
        stream.on("error", (error: Error) => (this.firstError ??= error));
        this.stream = stream;
        resolve(stream);
      });
    });
  }
}
