// How many connections fit: by the setting, and by the files the process may have open.
import { expect, it } from "vitest";
import { ConfigError } from "../../src/server/config.ts";
import { connectionsAllowed } from "../../src/server/connection-limit.ts";

const limits = (soft: number | string) => () =>
  Promise.resolve(
    `Limit      Soft Limit   Hard Limit   Units\nMax open files            ${soft}                20000                files\n`,
  );

it.each([
  ["the files that may be open less 200", null, limits(20_000), 19_800],
  ["no bound where files have none", null, limits("unlimited"), Number.POSITIVE_INFINITY],
  ["a few where files are very few", null, limits(100), 16],
  ["what most systems begin with where the limit is not told", null, () => Promise.reject(new Error("no /proc")), 824],
  ["the setting where it fits", 50, limits(1_024), 50],
  ["the setting where the limit is not told", 5_000, () => Promise.resolve(""), 5_000],
])("takes %s", async (_case, setting, read, most) => {
  expect(await connectionsAllowed(setting, read)).toBe(most);
});

it("refuses a setting that does not fit, and says what does", async () => {
  const refused = connectionsAllowed(825, limits(1_024));
  await expect(refused).rejects.toThrow(ConfigError);
  await expect(refused).rejects.toThrow(/SYNCGRAPH_MAX_CONNECTIONS: .*Set at most 824/);
});

it("reads this process's own limit", async () => {
  expect(await connectionsAllowed(null)).toBeGreaterThan(0);
});
