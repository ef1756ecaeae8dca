// Judges a schema by the rules of schema-rules.ts: graphql-eslint's, and two of this house's that graphql-eslint has no rule for.
import { parser, rules } from "@graphql-eslint/eslint-plugin";
import { Linter, type ESLint } from "eslint";
import { Kind, parse, valueFromASTUntyped, visit } from "graphql";
import type { ASTNode, DirectiveNode, DocumentNode, FieldDefinitionNode, ObjectTypeDefinitionNode } from "graphql";
import { RULES, type SchemaException } from "./schema-rules.ts";

export interface Finding {
  readonly rule: string;
  /** `Type`, `Type.field`, `Type.field(argument:)`; empty where the schema cannot be read. */
  readonly at: string;
  readonly line: number;
  readonly message: string;
}

/** What is wrong with a schema, exceptions taken out; an exception that fits nothing is wrong too. */
export function lintSchema(sdl: string, exceptions: readonly SchemaException[]): readonly Finding[] {
  const all = lintWithEslint(sdl);
  if (all.some(({ rule }) => rule === UNREADABLE)) return all;
  const found = [...all, ...houseFindings(parse(sdl))];
  const fits = (exception: SchemaException, finding: Finding): boolean =>
    exception.rule === finding.rule && exception.at === finding.at;
  const needless = exceptions.filter((exception) => !found.some((finding) => fits(exception, finding)));
  return [
    ...found.filter((finding) => !exceptions.some((exception) => fits(exception, finding))),
    ...needless.map(({ rule, at }) => ({
      rule: "house/needless-exception",
      at,
      line: 1,
      message: `Nothing there breaks ${rule} any more: take the exception out of scripts/schema-rules.ts.`,
    })),
  ].toSorted((left, right) => left.line - right.line);
}

const PREFIX = "@graphql-eslint/";
const UNREADABLE = "unreadable";

// @ts-expect-error graphql-eslint types a rule's category as a list, which ESLint's type does not know; nothing here reads it.
const PLUGIN: ESLint.Plugin = { rules };

function lintWithEslint(sdl: string): readonly Finding[] {
  const messages = new Linter({ configType: "flat" }).verify(
    sdl,
    [
      {
        files: ["**/*.graphql"],
        languageOptions: { parser, parserOptions: { schemaSdl: sdl } },
        plugins: { "@graphql-eslint": PLUGIN },
        rules: Object.fromEntries(Object.entries(RULES).map(([name, entry]) => [`${PREFIX}${name}`, entry])),
      },
    ],
    { filename: "schema.graphql" },
  );
  // A file that no configuration fits is a warning without a rule, and must not pass for a clean one.
  const unread = messages.find(({ ruleId }) => ruleId === null);
  if (unread !== undefined) {
    return [{ rule: UNREADABLE, at: "", line: unread.line ?? 1, message: unread.message }];
  }
  const places = placesIn(parse(sdl));
  const starts = lineStarts(sdl);
  return messages.map(({ ruleId, line, column, message }) => ({
    rule: (ruleId ?? "").replace(PREFIX, ""),
    at: placeAt(places, (starts[line - 1] ?? 0) + column - 1),
    line,
    message: message.split("\n")[0] ?? "",
  }));
}

/** A type, field, argument or value, and the stretch of the text that is its definition. */
interface Place {
  readonly at: string;
  readonly start: number;
  readonly end: number;
}

function placesIn(document: DocumentNode): readonly Place[] {
  const places: Place[] = [];
  visit(document, {
    enter(node, _key, _parent, _path, ancestors) {
      const around = ancestors.filter((one): one is ASTNode => !Array.isArray(one));
      const at = coordinateOf([...around, node]);
      if (at !== null && node.loc !== undefined) places.push({ at, start: node.loc.start, end: node.loc.end });
    },
  });
  return places;
}

/** As the GraphQL specification writes coordinates; null for nodes that have none of their own. */
function coordinateOf(nodes: readonly ASTNode[]): string | null {
  const inside = nodes.filter((node) => node.kind !== Kind.DOCUMENT);
  const [type, member, argument, ...deeper] = inside.map(nameOf).filter((name) => name !== null);
  if (type === undefined || deeper.length > 0 || inside.some((node) => nameOf(node) === null)) return null;
  if (member === undefined) return type;
  return argument === undefined ? `${type}.${member}` : `${type}.${member}(${argument}:)`;
}

function nameOf(node: ASTNode): string | null {
  const named = /Type(Definition|Extension)$|^(Field|InputValue|EnumValue|Directive)Definition$/u.test(node.kind);
  return named && "name" in node && node.name !== undefined ? node.name.value : null;
}

/** The smallest definition around an offset. */
function placeAt(places: readonly Place[], offset: number): string {
  const around = places.filter(({ start, end }) => start <= offset && offset < end);
  return around.toSorted((left, right) => left.end - left.start - (right.end - right.start))[0]?.at ?? "";
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\n/gu)].map(({ index }) => index + 1)];
}

/** Rules of this house. */
function houseFindings(document: DocumentNode): readonly Finding[] {
  const types = document.definitions.filter(
    (node): node is ObjectTypeDefinitionNode => node.kind === Kind.OBJECT_TYPE_DEFINITION,
  );
  const mutations = types.find(({ name }) => name.value === "Mutation")?.fields ?? [];
  return [...mutations.flatMap((field) => payloadFindings(field, types)), ...deprecationFindings(document)];
}

/** What the caller can mend is data of the payload, not an error beside it. */
function payloadFindings(field: FieldDefinitionNode, types: readonly ObjectTypeDefinitionNode[]): readonly Finding[] {
  const payload = types.find(({ name }) => name.value === namedType(field));
  const userErrors = payload?.fields?.find(({ name }) => name.value === "userErrors");
  if (userErrors !== undefined && text(userErrors.type) === "[UserError!]!") return [];
  return [
    {
      rule: "house/user-errors",
      at: `Mutation.${field.name.value}`,
      line: field.name.loc?.startToken.line ?? 1,
      message: `Expected ${namedType(field)} to have userErrors: [UserError!]!.`,
    },
  ];
}

/** Clients plan by the day something goes away. */
function deprecationFindings(document: DocumentNode): readonly Finding[] {
  const places = placesIn(document);
  const findings: Finding[] = [];
  visit(document, {
    Directive(directive) {
      if (directive.name.value !== "deprecated" || /\b\d{4}-\d{2}-\d{2}\b/u.test(reasonOf(directive))) return;
      findings.push({
        rule: "house/deprecation-date",
        at: placeAt(places, directive.loc?.start ?? 0),
        line: directive.loc?.startToken.line ?? 1,
        message: "Expected the reason to name the day it may be removed, as 2027-01-31.",
      });
    },
  });
  return findings;
}

function reasonOf(directive: DirectiveNode): string {
  const reason = directive.arguments?.find(({ name }) => name.value === "reason");
  return reason === undefined ? "" : String(valueFromASTUntyped(reason.value));
}

function namedType(field: FieldDefinitionNode): string {
  return text(field.type).replaceAll(/[[\]!]/gu, "");
}

function text(node: ASTNode): string {
  return node.loc?.source.body.slice(node.loc.start, node.loc.end) ?? "";
}
