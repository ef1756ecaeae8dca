// Which base URLs and addresses are let through.
import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import {
  AddressRefusedError,
  addressPolicy,
  checkBaseUrl,
  createGuardedLookup,
  isAddressRefused,
} from "../../src/wire/address-guard.ts";

const PRIVATE = [
  "127.0.0.1",
  "0x7f000001",
  "2130706433",
  "127.1",
  "0177.0.0.1",
  "[::1]",
  "[::ffff:7f00:1]",
  "[::ffff:127.0.0.1]",
  "localhost",
  "localhost.",
  "LOCALHOST",
  "api.localhost",
  "10.0.0.1",
  "172.16.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "[fd00::1]",
  "[fc00::8]",
  "[64:ff9b::7f00:1]",
  "[64:ff9b::a00:1]",
] as const;

const FORBIDDEN = [
  "0",
  "0.0.0.0",
  "[::]",
  "169.254.169.254",
  "0xa9fea9fe",
  "[fe80::1]",
  "224.0.0.1",
  "[ff02::1]",
  "255.255.255.255",
  "192.0.0.1",
  "198.18.0.1",
  "240.0.0.1",
  "[::7f00:1]",
  "[2002:7f00:1::]",
  "[2001::1]",
  "[64:ff9b:1::1]",
  "[64:ff9b::a9fe:a9fe]",
  "[::ffff:0:7f00:1]",
  "[fec0::1]",
  "[2001:db8::1]",
] as const;

describe("checkBaseUrl", () => {
  it.each([
    "https://api.rootfi.dev/v3",
    "https://api.example.com:8443",
    "https://8.8.8.8",
    "https://[2606:4700::1111]",
    "https://xn--bcher-kva.example",
    "https://[64:ff9b::808:808]",
  ])("lets %s pass", (url) => {
    expect(checkBaseUrl(url, { allowPrivateAddress: false })).toBeNull();
  });

  it.each(PRIVATE)("refuses the private host %s unless it is allowed", (host) => {
    expect(checkBaseUrl(`https://${host}`, { allowPrivateAddress: false })).toContain("private");
    expect(checkBaseUrl(`https://${host}/v1`, { allowPrivateAddress: true })).toBeNull();
    expect(checkBaseUrl(`http://${host}:8080`, { allowPrivateAddress: true })).toBeNull();
  });

  it.each(FORBIDDEN)("refuses the host %s always", (host) => {
    expect(checkBaseUrl(`https://${host}`, { allowPrivateAddress: false })).not.toBeNull();
    expect(checkBaseUrl(`https://${host}`, { allowPrivateAddress: true })).not.toBeNull();
  });

  it.each([
    "http://api.example.com",
    "ftp://api.example.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "api.example.com",
    "",
    "https://",
    "https://user:pass@api.example.com",
    "https://user@api.example.com",
    "https://@api.example.com",
    "https://api.example.com/#x",
    "https://api.example.com?x=1",
    "https://api.example.com\\@evil.example",
    "https://api.example.com\t",
    " https://api.example.com",
    "https://api.example.com/\n",
    "https://\u0430pi.example.com",
    "https://127\u30020.0.1",
  ])("refuses %j", (url) => {
    expect(checkBaseUrl(url, { allowPrivateAddress: false })).not.toBeNull();
  });

  it("lets plain http pass only to what may be private", () => {
    expect(checkBaseUrl("http://8.8.8.8", { allowPrivateAddress: true })).toContain("https");
    expect(checkBaseUrl("http://vendor.internal", { allowPrivateAddress: true })).toBeNull();
    expect(checkBaseUrl("http://vendor.internal", { allowPrivateAddress: false })).toContain("https");
  });
});

describe("the address policy", () => {
  it("follows from the setting and the protocol", () => {
    expect(addressPolicy(new URL("https://a.example"), false)).toBe("public");
    expect(addressPolicy(new URL("https://a.example"), true)).toBe("any");
    expect(addressPolicy(new URL("http://a.example"), true)).toBe("private");
  });

  it("keeps plain http inside and metadata services out of reach", () => {
    expect(isAddressRefused("8.8.8.8", "private")).toBe(true);
    expect(isAddressRefused("10.0.0.1", "private")).toBe(false);
    expect(isAddressRefused("169.254.169.254", "any")).toBe(true);
    expect(isAddressRefused("not an address", "any")).toBe(true);
  });
});

describe("the guarded lookup", () => {
  const lookUp = (addresses: readonly LookupAddress[], all: boolean, error: Error | null = null): Promise<unknown> =>
    new Promise((resolve) => {
      const lookup = createGuardedLookup("public", (_hostname, callback) => callback(error, addresses));
      lookup("vendor.example", { all }, (failure, address, family) =>
        resolve(failure ?? (all ? address : [address, family])),
      );
    });
  const at = (address: string): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 });

  it("gives all addresses or the first, as it is asked", async () => {
    expect(await lookUp([at("8.8.8.8"), at("2606:4700::1111")], true)).toEqual([at("8.8.8.8"), at("2606:4700::1111")]);
    expect(await lookUp([at("8.8.8.8"), at("2606:4700::1111")], false)).toEqual(["8.8.8.8", 4]);
  });

  it.each([["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:10.0.0.1"], ["8.8.8.8", "fd00::1"], ["fe80::1%eth0"]])(
    "refuses a name that resolves to %s %s",
    async (...addresses) => {
      expect(await lookUp(addresses.map(at), true)).toBeInstanceOf(AddressRefusedError);
      expect(await lookUp(addresses.map(at), false)).toBeInstanceOf(AddressRefusedError);
    },
  );

  it("judges a name anew at each connect", async () => {
    const answers = [at("8.8.8.8"), at("127.0.0.1")];
    const lookup = createGuardedLookup("public", (_hostname, callback) => callback(null, answers.splice(0, 1)));
    const once = (): Promise<Error | null> =>
      new Promise((resolve) => lookup("vendor.example", { all: true }, (failure) => resolve(failure)));
    expect(await once()).toBeNull();
    expect(await once()).toBeInstanceOf(AddressRefusedError);
  });

  it("passes on that a name does not resolve", async () => {
    expect(await lookUp([], true, new Error("ENOTFOUND"))).toMatchObject({ message: "ENOTFOUND" });
    expect(await lookUp([], true)).toMatchObject({ message: "no address for vendor.example" });
  });
});
