import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { leftOutReporter } from "./test/support/left-out-reporter.ts";

/** Vendors that fail in every way at everything they are asked for. In one process, but many and long. */
const FAULTS = ["test/faults/**/*.test.ts"];
/** Suites that run gateways as processes, and kill them. Beside those that compute in one process they would not be in time. */
const PROCESSES = [
  "test/{crash,nodes}/**/*.test.ts",
  "test/acceptance/{crash,process,retention,shared-quota,two-gateways}.test.ts",
  "test/client/resume.test.ts",
];
/** Of these, those that take the whole machine: many gateways, or several cases at a time. The others mostly wait. */
const CROWDED = [
  "test/crash/{points,recover}.test.ts",
  "test/nodes/{ten-gateways,rolling-restart}.test.ts",
  "test/soak/**/*.test.ts",
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
    // Ends what hangs. On a busy machine what does not may take ten times as long as on a quiet one.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    server: { deps: { inline: ["type-graphql", "graphql-scalars"] } },
    tags: [{ name: "servers", description: "needs PostgreSQL, Redis or another server beside the tests" }],
    reporters: ["default", leftOutReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: "in process",
          include: ["test/**/*.test.ts"],
          exclude: ["test/planted/**", ...FAULTS, ...PROCESSES, ...CROWDED],
          // Loading the modules anew for each file costs more than running the tests. Files leave nothing behind in them.
          isolate: false,
          // Most tests wait more than they compute; by default a machine with two cores gets one worker.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "faults", include: FAULTS, isolate: false, maxWorkers: 3, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: PROCESSES,
          exclude: CROWDED,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: "crowded", include: CROWDED, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
