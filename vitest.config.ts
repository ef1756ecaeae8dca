import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // type-graphql and our code must share one copy of graphql: two copies refuse each other's types.
    alias: [
      { find: /^graphql$/, replacement: fileURLToPath(new URL("node_modules/graphql/index.js", import.meta.url)) },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/planted/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    server: { deps: { inline: ["type-graphql", "graphql-scalars"] } },
  },
});
