// Says at the end of `npm test` which tests it left out, and which commands run them.
import type { Reporter, TestModule, Vitest } from "vitest/node";

/** @param print takes lines for the terminal */
export function leftOutReporter(print: (text: string) => void = (text) => process.stdout.write(text)): Reporter {
  let filter: readonly string[] = [];
  return {
    onInit: (vitest: Vitest) => {
      filter = vitest.config.tagsFilter ?? [];
    },
    onTestRunEnd: (modules) => {
      if (filter.includes("!servers")) print(leftOut(modules));
    },
  };
}

function leftOut(modules: readonly TestModule[]): string {
  const tests = modules.flatMap(({ children }) => [...children.allTests("skipped")]);
  const onServers = tests.filter(({ tags }) => tags.includes("servers")).length;
  return [
    "",
    "Left out of this run:",
    `  the ${onServers} tests of these files that need PostgreSQL or Redis: npm run test:servers`,
    "  the files with vendors, machines and gateways that fail (faults, crash, nodes, soak): npm run test:faults",
    "All tests, these too: npm run test:all",
    "",
  ].join("\n");
}
