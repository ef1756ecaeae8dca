// The one place that makes GraphQL errors: facts that clients need pass, everything else is masked and reported.
import { GraphQLError } from "graphql";
import { afterEach, describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/domain/errors.ts";
import { formatError } from "../../src/graphql/errors.ts";
import { openGraphqlGateway, providerError, type GraphqlGateway } from "../support/graphql.ts";

const SECRET = "secret /etc/passwd";
const MASKED = { message: "The gateway failed. Its log has the details.", extensions: { code: ErrorCode.Internal } };

function format(error: unknown, path?: readonly string[]) {
  const defects: unknown[] = [];
  const original = error instanceof Error ? error : null;
  const located =
    error instanceof GraphQLError
      ? error
      : new GraphQLError(String(error), { originalError: original, ...(path === undefined ? {} : { path }) });
  return { formatted: formatError(located.toJSON(), located, (defect) => defects.push(defect)), defects };
}

describe("formatError", () => {
  it("keeps a provider's facts and where it failed", () => {
    const { formatted, defects } = format(providerError("acme"), ["syncs"]);
    expect(formatted).toEqual({
      message: "acme: list syncs: too many requests",
      path: ["syncs"],
      extensions: {
        code: "PROVIDER_RATE_LIMITED",
        provider: "acme",
        retryable: true,
        retryAfterMs: 1_500,
        httpStatus: 429,
      },
    });
    expect(defects).toEqual([]);
  });

  it.each(Object.values(ErrorCode).filter((code) => code !== ErrorCode.Internal))(
    "keeps the code %s and its sentence",
    (code) => {
      const { formatted, defects } = format(new GatewayError(code, "what to do", { cause: new Error(SECRET) }), [
        "syncs",
      ]);
      expect(formatted).toEqual({ message: "what to do", path: ["syncs"], extensions: { code } });
      expect(defects).toEqual([]);
    },
  );

  it.each([
    ["an error of a resolver", new Error(SECRET), ["syncs"]],
    ["a defect the gateway found itself", new GatewayError(ErrorCode.Internal, SECRET), ["syncs"]],
    ["an error before any resolver, such as one of making the context", new Error(SECRET), undefined],
    [
      "an error with a stranger's code",
      new GraphQLError(SECRET, { path: ["syncs"], extensions: { code: "NOT_FOUND", stack: SECRET } }),
      undefined,
    ],
  ])("masks %s and reports it", (_case, error, path) => {
    const { formatted, defects } = format(error, path);
    expect(formatted).toMatchObject(MASKED);
    expect(JSON.stringify(formatted)).not.toContain("passwd");
    expect(defects).toHaveLength(1);
    expect(String(defects[0])).toContain(SECRET);
  });

  it.each([
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "OPERATION_RESOLUTION_FAILURE",
    "PERSISTED_QUERY_NOT_FOUND",
    "BAD_REQUEST",
  ])("passes on what GraphQL itself says before execution, with its code %s", (code) => {
    const { formatted, defects } = format(
      new GraphQLError("Cannot query field", { extensions: { code, stacktrace: ["at file:///gateway"] } }),
    );
    expect(formatted).toEqual({ message: "Cannot query field", extensions: { code } });
    expect(defects).toEqual([]);
  });

  it("calls what GraphQL itself refuses without a code of ours bad input", () => {
    expect(format(new GraphQLError("Variable is wrong")).formatted.extensions).toEqual({
      code: ErrorCode.BadUserInput,
    });
  });

  it("shows nothing of a thrown thing that is no error", () => {
    const defects: unknown[] = [];
    expect(formatError({ message: SECRET, path: ["syncs"] }, SECRET, (defect) => defects.push(defect))).toEqual({
      ...MASKED,
      path: ["syncs"],
    });
    expect(defects).toEqual([SECRET]);
  });
});

describe("a query whose database fails", () => {
  let gateway: GraphqlGateway;

  afterEach(async () => {
    await gateway.close();
  });

  it.each([
    ["with a defect", new Error(`SELECT * FROM sync; ${SECRET}`), ErrorCode.Internal, 1],
    [
      "because it cannot be reached",
      new GatewayError(ErrorCode.ServiceUnavailable, "The database does not answer."),
      ErrorCode.ServiceUnavailable,
      0,
    ],
  ])("%s answers null at the list and leaves the rest", async (_case, failure, code, reported) => {
    gateway = await openGraphqlGateway();
    gateway.script.outages = () => Promise.reject(failure);

    const { data, errors } = await gateway.ask("{ viewer { name } syncs { nodes { id } } }");

    expect(data).toEqual({ viewer: { name: "tester" }, syncs: null });
    expect(errors).toMatchObject([{ path: ["syncs"], extensions: { code } }]);
    expect(JSON.stringify(errors)).not.toMatch(/passwd|SELECT/);
    expect(gateway.defects).toHaveLength(reported);
  });
});
