// Redis over TLS (`rediss://`): used when its certificate is right, and otherwise not, with the reason in the log.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createScaledQueue } from "../../src/server/scaled-queue.ts";
import type { WorkItem } from "../../src/domain/runtime-ports.ts";
import { systemClock } from "../../src/wire/system-clock.ts";
import { ISSUED, SELF_SIGNED, type ShownCertificate } from "../support/certificates.ts";
import { freePort } from "../support/needs.ts";
import { describeWithRedisServer, linkMaker, startRedisServer } from "../support/redis.ts";

describeWithRedisServer("Redis over TLS", () => {
  const connect = linkMaker();

  async function encrypted(shown: ShownCertificate) {
    const folder = await mkdtemp(join(tmpdir(), "syncgraph-redis-tls-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    await writeFile(cert, shown.cert);
    await writeFile(key, shown.key);
    const port = await freePort();
    const settings = { "tls-port": String(port), "tls-cert-file": cert, "tls-key-file": key, "tls-ca-cert-file": cert };
    const given = Object.entries({ ...settings, "tls-auth-clients": "no" }).flatMap(([name, value]) => [
      `--${name}`,
      value,
    ]);
    const server = await startRedisServer(given);
    onTestFinished(() => server[Symbol.asyncDispose]());
    const said: string[] = [];
    const note = (facts: object, message: string): void => void said.push(`${message} ${JSON.stringify(facts)}`);
    const link = await connect({ url: `rediss://127.0.0.1:${port}`, log: { info: note, warn: note, error: note } });
    return { link, said };
  }

  test("with a certificate for this machine is used, for work too", async () => {
    const { link, said } = await encrypted(ISSUED.right);
    expect(link.isUp(), said.join("\n")).toBe(true);
    const queue = createScaledQueue(link, systemClock, (error) => expect.fail(String(error)));
    const item: WorkItem = { kind: "POLL", tenantId: "t1", providerKey: "acme" };
    await queue.schedule(item, systemClock.now());
    const done = new Promise((resolve) => {
      queue.start((one) => Promise.resolve(resolve(one)));
    });
    expect(await done).toEqual(item);
    await queue.close();
  });

  test.each([
    ["signed by itself", SELF_SIGNED, "self-signed certificate"],
    ["for another machine", ISSUED.elsewhere, "does not match certificate's altnames"],
  ])("with a certificate %s is not used, and the log says why", async (_what, shown, reason) => {
    const { link, said } = await encrypted(shown);
    expect(link.isUp()).toBe(false);
    expect(said.join("\n")).toContain(reason);
  });
});
