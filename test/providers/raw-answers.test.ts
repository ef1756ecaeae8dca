// What `raw` shows of a run: the vendor's own answer, of the same shape, without anything that is a secret.
import { describe, expect, it } from "vitest";
import { runRef } from "../support/provider-values.ts";
import { recordedProvider } from "../support/recorded-provider.ts";
import { conformance as rootfi, v4 as rootfiV4 } from "./rootfi/conformance.ts";
import { conformance as stuut } from "./stuut/conformance.ts";

/** What a vendor may come to tell beside a run's documented fields. */
const SECRETS = {
  access_token: "planted",
  refreshToken: { value: "planted" },
  password: ["planted", "planted"],
  webhook_secret: 42,
  client_secret: null,
  callback: "https://user:planted@host.example/path?token=planted&page=2",
  settings_of: { inner: [{ "api-key": "planted", note: "kept" }] },
};

const SHOWN = {
  access_token: "[redacted]",
  refreshToken: "[redacted]",
  password: "[redacted]",
  webhook_secret: "[redacted]",
  client_secret: null,
  settings_of: { inner: [{ "api-key": "[redacted]", note: "kept" }] },
};

const run = { ...SECRETS, name: "a\u0000b\u202E" };
const REF = runRef({ remoteId: "s", definitionRemoteId: "1:XERO", linkedAccountRemoteId: "1", models: ["m"] });

const ROWS = [
  ["rootfi", rootfi, { data: { ...run, sync_id: "s", status: "RUNNING" } }],
  ["rootfi v4", rootfiV4, { data: { syncs: [{ ...run, id: "s", status: "RUNNING" }], next: null } }],
  [
    "stuut",
    stuut,
    [{ id: "1:XERO", models: [{ id: "m", name: "m", last_sync: { ...run, id: "s", status: "running" } }] }],
  ],
] as const;

describe.each(ROWS)("raw of %s", (_name, vendor, body) => {
  it("keeps its shape and its names, and shows no secret", async () => {
    const provider = recordedProvider(vendor, [{ to: "GET /anything", body }]);
    const { observations } = await provider.observe([REF], { tasks: false });
    const raw = observations[0]?.facts.raw;
    expect(raw).toMatchObject({ ...SHOWN, name: "a\u2400b\uFFFD" });
    expect(JSON.stringify(raw)).not.toContain("planted");
    expect(Object.keys(raw ?? {})).toEqual(expect.arrayContaining(Object.keys(run)));
  });
});
