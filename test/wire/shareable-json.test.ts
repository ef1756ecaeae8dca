// A vendor's JSON without what is withheld: at any depth, for any value.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namesAmong, promisesSecret, shareableJson, shareableObject } from "../../src/wire/shareable-json.ts";

const withholds = namesAmong(["api_key", "variables"]);

describe("what may be shared of a value", () => {
  it("keeps its shape, with refused values hidden at any depth, however their names are written", () => {
    const value = {
      id: 1,
      apiKey: "planted",
      inner: [{ "API-KEY": "planted", note: "kept", Variables: { a: "planted" } }],
      api_key: "planted",
    };
    expect(shareableJson(value, { withholds })).toEqual({
      id: 1,
      apiKey: "[redacted]",
      inner: [{ "API-KEY": "[redacted]", note: "kept", Variables: "[redacted]" }],
      api_key: "[redacted]",
    });
  });

  it("has no secret under a name that promises one, whatever the vendor's own list says", () => {
    const value = { access_token: "a", refresh_token: ["b"], password: { c: 1 }, webhook_secret: 7, secret: null };
    expect(shareableJson({ inner: value })).toEqual({
      inner: {
        access_token: "[redacted]",
        refresh_token: "[redacted]",
        password: "[redacted]",
        webhook_secret: "[redacted]",
        secret: null,
      },
    });
  });

  it.each([
    ["https://user:pass@host.example/x", "https://[redacted]@host.example/x"],
    [
      "see https://h.example/x?page=2&access_token=abc#top",
      "see https://h.example/x?page=2&access_token=[redacted]#top",
    ],
    [
      "https://h.example/x?X-Amz-Signature=abc&X-Amz-Date=1",
      "https://h.example/x?X-Amz-Signature=[redacted]&X-Amz-Date=1",
    ],
    ["postgres://user:pass@db/x", "postgres://[redacted]@db/x"],
    ["https://h.example/x?design=1&page=2", "https://h.example/x?design=1&page=2"],
  ])("has no secret in the address %s", (text, shown) => {
    expect(shareableJson({ text })).toEqual({ text: shown });
  });

  it("is not kept busy by an address that is made to keep it busy", () => {
    // Work that grew with the square of the length would not end.
    for (const part of ["?key", "key", "?a=&", "://", "@"]) {
      expect(shareableJson(`https://${part.repeat(500_000)}`)).not.toBeNull();
    }
  });

  it("has every text redacted, and nothing else changed", () => {
    const redact = (text: string) => text.replaceAll("planted", "[redacted]");
    expect(shareableJson(["planted", { a: "x planted" }, 1, true, null], { withholds, redact })).toEqual([
      "[redacted]",
      { a: "x [redacted]" },
      1,
      true,
      null,
    ]);
  });

  it("is null where it is no JSON or lies deeper than anybody needs", () => {
    let deep: unknown = "bottom";
    for (let level = 0; level < 5_000; level += 1) deep = { deep };
    const shared = JSON.stringify(
      shareableJson({ deep, not: Number.NaN, none: undefined, call: () => 1 }, { withholds }),
    );
    expect(shared).not.toContain("bottom");
    expect(shared).toContain('"not":null,"none":null,"call":null');
  });

  it("is the value itself when nothing is withheld", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(shareableJson(JSON.parse(text)))).toBe(text);
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  it("is an object only if the value is one", () => {
    expect(shareableObject({ a: 1, variables: 2 }, { withholds })).toEqual({ a: 1, variables: "[redacted]" });
    expect([null, [], "x", 7, undefined].map((value) => shareableObject(value, { withholds }))).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});

describe("a name", () => {
  it.each([
    "encryption_passphrase",
    "Password",
    "client_secret",
    "accessToken",
    "credentials",
    "Authorization",
    "apiKey",
    "private_key",
  ])("like %s promises a secret", (name) => {
    expect(promisesSecret(name)).toBe(true);
  });

  it.each(["name", "batch_size", "primary_key", "authored_by"])("like %s does not", (name) => {
    expect(promisesSecret(name)).toBe(false);
  });
});
