// Proves that the documents speak of what is there: paths, decisions, dependencies; and that no file names the machine it was written on.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What is made or fetched, not written. In a worktree git's own entry is a file. */
const NOT_WRITTEN = new Set([".git", "node_modules", "dist", "data", "coverage"]);

/** First parts of a path that can only mean this repository's own files. */
const OWN_FOLDER = /^(src|test|docs|examples|scripts|bench|\.ci)\/|^\.\/(src|test|docs|examples|scripts|bench)\//;
const OWN_FILE =
  /^(package(-lock)?\.json|tsconfig(\.build)?\.json|schema\.graphql|ormconfig\.ts|vitest\.config\.ts|knip\.jsonc|\.ox(lint|fmt)rc\.json|[A-Z]+\.md)$/;

const files = written("");
const documents = files.filter((file) => /^([A-Z]+\.md|docs\/.+\.md)$/.test(file));

describe("paths in documents", () => {
  it("exist", () => {
    const named = documents.flatMap((document) =>
      pathsNamedIn(readFileSync(join(ROOT, document), "utf8")).map((path) => ({ document, path })),
    );

    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ path }) => !isThere(path))).toEqual([]);
  });

  it("exist behind every relative link", () => {
    const links = documents.flatMap((document) =>
      linksIn(readFileSync(join(ROOT, document), "utf8")).map((link) => ({ document, link })),
    );

    expect(links.length).toBeGreaterThan(5);
    expect(links.filter(({ document, link }) => !existsSync(join(ROOT, dirname(document), link)))).toEqual([]);
  });

  it("have the heading that a link names", () => {
    const links = documents.flatMap((document) =>
      headingLinksIn(textOf(document)).map(([path, heading]) => ({
        document,
        target: path === "" ? document : posix.join(dirname(document), path),
        heading,
      })),
    );

    expect(links.length).toBeGreaterThan(10);
    expect(links.filter(({ target, heading }) => !headingsOf(textOf(target)).includes(heading))).toEqual([]);
  });

  it("names a heading as its link does", () => {
    expect(headingLinksIn("[a](#b), [c](d.md#e-f), [g](https://h#i), [j](k.md)")).toEqual([
      ["", "b"],
      ["d.md", "e-f"],
    ]);
    expect(headingsOf("# A, `b` & C\n```sh\n# no heading\n```\n## 2. Two words\n")).toEqual(["a-b--c", "2-two-words"]);
  });

  it.each([
    ["a file that is gone", "see `src/domain/gone.ts`", ["src/domain/gone.ts"]],
    ["a placeholder no folder fits", "see `src/providers/<vendor>/gone.ts`", ["src/providers/<vendor>/gone.ts"]],
    ["a folder that is gone", "see `src/gone/`", ["src/gone/"]],
    ["a document that is gone", "see `GONE.md`", ["GONE.md"]],
    ["a placeholder that some folder fits", "see `src/<layer>/clock.ts`", []],
    ["a package's path", "see `@apollo/server/errors` and `graphql/index.js`", []],
    ["a command", "run `npm run check`", []],
  ])("are recognised: %s", (_case, text, missing) => {
    expect(pathsNamedIn(text).filter((path) => !isThere(path))).toEqual(missing);
  });
});

describe("decision records", () => {
  const pages = files
    .filter((file) => /^docs\/decisions\/\d{4}-.+\.md$/.test(file))
    .map((file) => file.replace("docs/decisions/", ""));

  it("are all in the index, and the index lists no other", () => {
    const index = readFileSync(join(ROOT, "docs/decisions/README.md"), "utf8");
    const listed = linksIn(index).filter((link) => /^\d{4}-/.test(link));

    expect(pages.length).toBeGreaterThan(0);
    expect(listed.toSorted()).toEqual(pages.toSorted());
  });

  it("are numbered without holes or doubles", () => {
    const numbers = pages.map((page) => Number(page.slice(0, 4))).toSorted((left, right) => left - right);

    expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
  });

  it.each(pages)("have every part: %s", (page) => {
    const text = readFileSync(join(ROOT, "docs/decisions", page), "utf8");

    expect(["## Context", "## Choice", "## Consequences"].filter((heading) => !text.includes(`${heading}\n`))).toEqual(
      [],
    );
    expect(text).toMatch(/^Status: (proposed|accepted|replaced by \d{4})( \(\d{4}-\d{2}-\d{2}\))?$/m);
    expect(text.split("\n").length).toBeLessThan(60);
  });
});

describe("docs/dependencies.md", () => {
  it("gives every dependency its row with the exact version, and lists no other", () => {
    const listed = Object.fromEntries(rowsOf(readFileSync(join(ROOT, "docs/dependencies.md"), "utf8")));

    expect(listed).toEqual(dependencies());
  });

  it("has no version that may move", () => {
    expect(Object.entries(dependencies()).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
      [],
    );
  });
});

describe("written files", () => {
  it("name no place of the machine they were written on", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => namesMachine(textOf(file)))).toEqual([]);
  });

  it.each([
    [`cd ${["", "work", "main"].join("/")}`, true],
    [`"${["", "root", ".npmrc"].join("/")}"`, true],
    [`see ${[".lib", "rary"].join("")}/README.md`, true],
    [`https://example.com${["", "work", "1"].join("/")}`, false],
    [["src", "work", "queue.ts"].join("/"), false],
  ])("are recognised when they do: %s", (text, expected) => {
    expect(namesMachine(text)).toBe(expected);
  });
});

/** Everything under the root that somebody wrote, as paths with slashes. A checkout without git's data is checked like any other. */
function written(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (NOT_WRITTEN.has(entry.name)) return [];
    if (entry.isDirectory()) return written(path);
    return entry.isFile() ? [path] : [];
  });
}

function textOf(file: string): string {
  const text = readFileSync(join(ROOT, file), "utf8");
  return text.includes("\0") ? "" : text;
}

/** Built from parts, so that this file does not find itself. */
function namesMachine(text: string): boolean {
  const places = ["work", "root", "farm"].join("|");
  const tool = ["lib", "rary"].join("");
  return new RegExp(String.raw`(?<![\w.)}\]*-])/(${places})/|(?<![\w)\]])\.${tool}\b`).test(text);
}

/** What stands in backticks and can only be a path of this repository. */
function pathsNamedIn(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/`([^`\s]+)`/g)]
    .map(([, token = ""]) => token)
    .filter((token) => OWN_FOLDER.test(token) || OWN_FILE.test(token));
}

function linksIn(markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** Links to a heading: the path, empty for the same page, and the heading's name. */
function headingLinksIn(markdown: string): (readonly [path: string, heading: string])[] {
  return [...markdown.matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)]
    .map(([, path = "", heading = ""]) => [path, heading] as const)
    .filter(([path]) => !/^[a-z]+:/.test(path));
}

/** Names of the headings, made as GitHub makes them. */
function headingsOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "");
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** A placeholder (`<vendor>`, `NNNN`, `*`) is any name; a folder is there when something is in it. */
function isThere(path: string): boolean {
  const pattern = path
    .replace(/^\.\//, "")
    .replace(/\/$/, "")
    .replaceAll(/<[^>]+>|NNNN|\*+|[^<*N]+|N/g, (part) =>
      /^(<|NNNN|\*)/.test(part) ? "[^/]+" : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`),
    );
  const whole = new RegExp(`^${pattern}(/|$)`);
  return files.some((file) => whole.test(file));
}

function rowsOf(markdown: string): [name: string, version: string][] {
  return [...markdown.matchAll(/^\| `([^`]+)` \| (\d[\w.-]*) \|/gm)].map(([, name = "", version = ""]) => [
    name,
    version,
  ]);
}

function dependencies(): Readonly<Record<string, string>> {
  const Versions = z.record(z.string(), z.string());
  const manifest = z
    .object({ dependencies: Versions, devDependencies: Versions })
    .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
  return { ...manifest.dependencies, ...manifest.devDependencies };
}
