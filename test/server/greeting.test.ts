// What a person reads when the gateway is up: where it is, one command that works, and loudly whether the data is made up.
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { greeting } from "../../src/server/greeting.ts";

const gateway = (url: string, providers: readonly { key: string; kind: string; sandbox: boolean }[] = []) => ({
  url,
  port: Number(new URL(url).port),
  providers,
  close: () => Promise.resolve(),
});

describe("the greeting", () => {
  it.each(["http://127.0.0.1:4000", "http://[::1]:4100", "http://localhost:4200"])(
    "names every address at %s",
    (origin) => {
      const text = greeting(gateway(`${origin}/graphql`));
      expect(text).toContain(`${origin}/graphql`);
      expect(text).toContain(`${origin.replace("http", "ws")}/graphql`);
      expect(text).toContain(`${origin}/readyz`);
    },
  );

  it("warns of sandboxes by name, and of nothing when there are none", () => {
    const text = greeting(
      gateway("http://127.0.0.1:4000/graphql", [
        { key: "stuut", kind: "stuut", sandbox: true },
        { key: "truto-eu", kind: "truto", sandbox: false },
      ]),
    );
    expect(text).toMatch(/SANDBOX DATA: .*stuut/);
    expect(text).not.toContain("truto-eu");
    expect(greeting(gateway("http://127.0.0.1:4000/graphql"))).not.toContain("SANDBOX");
  });

  it("shows a command that a shell takes apart as meant", () => {
    const command = /^\s+(curl .*)$/m.exec(greeting(gateway("http://127.0.0.1:4000/graphql")))?.[1] ?? "";
    const printed = execFileSync("/bin/sh", ["-c", command.replace(/^curl/, "printf '%s\\n'")], { encoding: "utf8" });
    const [, address, , , , body = ""] = printed.trim().split("\n");
    expect(address).toBe("http://127.0.0.1:4000/graphql");
    expect(JSON.parse(body)).toEqual({ query: expect.stringContaining("syncs(first: 5)") });
  });
});
