import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Suites that run gateways as processes, several at a time, and kill them: they take the whole machine, and others would not be in time. */
const PROCESSES = [
  "test/{crash,nodes,soak}/**/*.test.ts",
  "test/acceptance/{crash,process,retention,shared-quota,two-gateways}.test.ts",
  "test/client/resume.test.ts",
];

export default defineConfig({
  resolve: {
    // type-graphql and our code must share one copy of graphql: two copies refuse each other's types.
    alias: [
      { find: /^graphql$/, replacement: fileURLToPath(new URL("node_modules/graphql/index.js", import.meta.url)) },
    ],
  },
  test: {
    // Read when a process starts: the authority behind the certificates of `test/support/certificates.ts`.
    env: { NODE_EXTRA_CA_CERTS: fileURLToPath(new URL("test/support/authority.pem", import.meta.url)) },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { inline: ["type-graphql", "graphql-scalars"] } },
    projects: [
      {
        extends: true,
        test: {
          name: "in process",
          include: ["test/**/*.test.ts"],
          exclude: ["test/planted/**", ...PROCESSES],
          // Most tests wait more than they compute; by default a machine with two cores gets one worker.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "processes", include: PROCESSES, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
