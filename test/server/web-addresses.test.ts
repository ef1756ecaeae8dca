// Hosts and origins as the settings name them: what is taken, in which spelling, and what is refused.
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/server/config.ts";

describe("allowed hosts", () => {
  it("are compared in lower case, without a last dot, with the port they have", () => {
    const SYNCGRAPH_ALLOWED_HOSTS = "Gateway.example., gateway.example:8443,[2001:DB8::1]:80,gäteway.example";
    expect(readConfig({ SYNCGRAPH_ALLOWED_HOSTS }).allowedHosts).toEqual([
      { name: "gateway.example", port: null },
      { name: "gateway.example", port: 8443 },
      { name: "[2001:db8::1]", port: 80 },
      { name: "xn--gteway-bua.example", port: null },
    ]);
  });

  it.each([
    "*",
    "*.example.com",
    "https://gateway.example",
    "gateway.example/graphql",
    "gateway.example:99999",
    "user@gateway.example",
    "gateway.example,",
  ])("may not be %s", (SYNCGRAPH_ALLOWED_HOSTS) => {
    expect(() => readConfig({ SYNCGRAPH_ALLOWED_HOSTS })).toThrow(
      /SYNCGRAPH_ALLOWED_HOSTS: expected host names without a scheme, such as gateway\.example\.com/,
    );
  });
});

describe("allowed origins", () => {
  it("are kept as browsers write them", () => {
    const SYNCGRAPH_ALLOWED_ORIGINS = "http://localhost:5173,HTTPS://App.Example:443";
    expect(readConfig({ SYNCGRAPH_ALLOWED_ORIGINS }).allowedOrigins).toEqual([
      "http://localhost:5173",
      "https://app.example",
    ]);
  });

  it.each([
    "*",
    "null",
    "localhost:5173",
    "http://localhost:5173/",
    "https://*.example.com",
    "https://user@example.com",
    "ftp://example.com",
  ])("may not be %s", (SYNCGRAPH_ALLOWED_ORIGINS) => {
    expect(() => readConfig({ SYNCGRAPH_ALLOWED_ORIGINS })).toThrow(
      /SYNCGRAPH_ALLOWED_ORIGINS: expected web origins without a path or a pattern/,
    );
  });

  it("are refused one by one", () => {
    const SYNCGRAPH_ALLOWED_ORIGINS = "*,http://localhost:5173,null";
    expect(() => readConfig({ SYNCGRAPH_ALLOWED_ORIGINS })).toThrow(/got "\*"\n.*got "null"$/);
  });
});
