// The encryption passphrase goes to the vendor and comes back in no answer and no error, over HTTP and over WebSocket.
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GatewayError, ProviderError } from "../../src/domain/errors.ts";
import type { ModelSyncCommand } from "../../src/domain/gateway-port.ts";
import { PUSH, mutate, problem, storedModelSync } from "../support/definition-changes.ts";
import { openGraphqlGateway, providerError, schema, type Answer, type GraphqlGateway } from "../support/graphql.ts";
import { post, serveGraphql } from "../support/graphql-server.ts";
import { NEEDED } from "../support/model-sync-inputs.ts";
import { seedCatalog } from "../support/seed-runs.ts";

const SECRET = 'correct "horse" 4711';
/** As it is, and as it stands within JSON. */
const FORMS = [SECRET, 'correct \\"horse\\" 4711', "4711"];
const HELD_BACK = "The words of this failure are held back, because they quote a secret of the input.";

let gateway: GraphqlGateway;

beforeEach(async () => {
  gateway = await openGraphqlGateway();
  await seedCatalog(gateway.store);
});

afterEach(async () => {
  await gateway.close();
});

const WAYS: readonly (readonly [string, (input?: object) => Promise<Answer>])[] = [
  [
    "modelSyncCreate",
    (input = {}) =>
      mutate(
        gateway,
        "modelSyncCreate",
        { ...NEEDED, encryptionPassphrase: SECRET, ...input },
        "modelSync { id hasEncryptionPassphrase }",
      ),
  ],
  [
    "modelSyncUpdate",
    (input = {}) =>
      mutate(
        gateway,
        "modelSyncUpdate",
        { modelSyncId: PUSH, encryptionPassphrase: SECRET, ...input },
        "modelSync { id hasEncryptionPassphrase }",
      ),
  ],
];

function script(answer: () => Promise<never>): void {
  Object.assign(gateway.script, { createModelSync: answer, updateModelSync: answer });
}

const expectSilence = (shown: unknown) => {
  for (const form of FORMS) expect(JSON.stringify(shown)).not.toContain(form);
};

describe.each(WAYS)("the passphrase in %s", (name, send) => {
  it("reaches the vendor's side and is only told to be there", async () => {
    const stored = { ...(await storedModelSync(gateway)), hasEncryptionPassphrase: true };
    const seen: unknown[] = [];
    const note = (change: Partial<ModelSyncCommand>) => {
      seen.push(change.encryptionPassphrase);
      return Promise.resolve({ definition: stored, problems: [] });
    };
    gateway.script.createModelSync = (_tenant, command) => note(command);
    gateway.script.updateModelSync = (_tenant, _id, change) => note(change);

    const { data, errors } = await send();

    expect(seen).toEqual([SECRET]);
    expect(errors).toEqual([]);
    expect(data).toEqual({ [name]: { modelSync: { id: PUSH, hasEncryptionPassphrase: true }, userErrors: [] } });
  });

  it.each([`refused: "${SECRET}"`, `refused: ${JSON.stringify({ encryption_passphrase: SECRET })}`])(
    "stays out of a vendor's failure that says %j",
    async (words) => {
      const facts = { ...providerError("acme"), cause: new Error(words) };
      script(() => Promise.reject(new ProviderError(words, facts)));

      const { data, errors } = await send();

      expect(data).toEqual({ [name]: null });
      const { code, provider, httpStatus, retryable, retryAfterMs } = facts;
      const extensions = { code, provider, httpStatus, retryable, retryAfterMs };
      expect(errors).toMatchObject([{ message: `acme: ${HELD_BACK}`, path: [name], extensions }]);
      expectSilence(errors);
    },
  );

  it("stays out of problems, whose other words are kept", async () => {
    const definition = await storedModelSync(gateway);
    const problems = [
      problem({ message: `"${SECRET}" is too short`, field: ["encryptionPassphrase"] }),
      problem({ message: "no such mode", field: ["mode"] }),
    ];
    const refused = () => Promise.resolve({ definition, problems });
    Object.assign(gateway.script, { createModelSync: refused, updateModelSync: refused });

    const { data } = await send();

    expect(data).toMatchObject({
      [name]: {
        userErrors: [
          { message: HELD_BACK, field: ["encryptionPassphrase"] },
          { message: "no such mode", field: ["mode"] },
        ],
      },
    });
    expectSilence(data);
  });

  it("stays out of the gateway's own failures, and of what is logged of its defects", async () => {
    script(() => Promise.reject(new GatewayError("SERVICE_UNAVAILABLE", `no: ${SECRET}`)));
    const known = await send();
    expect(known.errors).toMatchObject([{ message: HELD_BACK, extensions: { code: "SERVICE_UNAVAILABLE" } }]);

    script(() => Promise.reject(new Error(`defect: ${SECRET}`)));
    const masked = await send();
    expect(masked.errors).toMatchObject([{ extensions: { code: "INTERNAL_SERVER_ERROR" } }]);
    expectSilence([known, masked]);
    expect(gateway.defects).toMatchObject([{ message: HELD_BACK }]);
    expectSilence(gateway.defects.map(String));
  });

  it("leaves failures alone that do not quote it, also when there is none", async () => {
    script(() => Promise.reject(providerError("acme")));
    for (const encryptionPassphrase of [SECRET, null, ""]) {
      const { errors } = await send({ encryptionPassphrase });
      expect(errors).toMatchObject([{ message: "acme: list syncs: too many requests" }]);
    }
  });

  it.each([
    [
      "a field that does not exist",
      { encryptionPasphrase: SECRET },
      /^Variable "\$input" got invalid value; Field "encryptionPasphrase" is not defined/,
    ],
    [
      "another field of the wrong type",
      { name: { text: SECRET } },
      /^Variable "\$input" got invalid value at "input\.name"; String cannot represent a non string value\.$/,
    ],
    [
      "a number in its place",
      { encryptionPassphrase: 4711 },
      /at "input\.encryptionPassphrase"; String cannot represent a non string value\.$/,
    ],
    [
      "a list in its place",
      { encryptionPassphrase: [SECRET] },
      /at "input\.encryptionPassphrase"; String cannot represent a non string value\.$/,
    ],
    [
      "a value that is not in the enum beside it",
      { schedule: { frequency: "NEVER" } },
      /at "input\.schedule\.frequency"; Value "NEVER" does not exist in "ScheduleFrequency" enum/,
    ],
  ])("is not quoted for %s", async (_case, input, message) => {
    const { data, errors } = await send(input);

    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ message: expect.stringMatching(message) }]);
    expectSilence(errors);
  });
});

describe("a passphrase in a request that cannot be run", () => {
  const UPDATE = "mutation ($input: ModelSyncUpdateInput!) { modelSyncUpdate(input: $input) { userErrors { code } } }";
  const input = { modelSyncId: PUSH, encryptionPassphrase: SECRET, nme: "New" };
  const LITERALS = ["4711", "[4711]", '{ text: "4711" }', 'PASS "4711"', '"a" "4711"'].map(
    (value) =>
      `mutation { modelSyncUpdate(input: { modelSyncId: "${PUSH}", encryptionPassphrase: ${value} }) { userErrors { code } } }`,
  );

  it("is not quoted over HTTP", async () => {
    const server = await serveGraphql(gateway);
    try {
      const answers = [
        await post(server.url, { query: UPDATE, variables: { input } }),
        ...(await Promise.all(LITERALS.map((query) => post(server.url, { query })))),
      ];
      for (const { status, body } of answers) {
        expect(status).toBe(400);
        expect(body).toMatchObject({ errors: [{ message: expect.any(String) }] });
        expectSilence(body);
      }
    } finally {
      await server.close();
    }
  });

  it("is not quoted over WebSocket", async () => {
    const server = await serveGraphql(gateway);
    const client = createClient({ url: server.url.replace(/^http/, "ws"), webSocketImpl: WebSocket, retryAttempts: 0 });
    const send = (query: string, variables: Record<string, unknown> = {}) =>
      new Promise<unknown>((resolve) => {
        client.subscribe(
          { query, variables },
          { next: resolve, error: resolve, complete: () => resolve("completed without an error") },
        );
      });
    try {
      const answers = [await send(UPDATE, { input }), ...(await Promise.all(LITERALS.map((query) => send(query))))];
      for (const answer of answers) {
        expect(answer).toMatchObject([{ message: expect.any(String) }]);
        expectSilence(answer);
      }
    } finally {
      await client.dispose();
      await server.close();
    }
  });

  it("has no field in any answer", () => {
    const holders = Object.values(schema.getTypeMap()).filter(
      (type) => "getFields" in type && "encryptionPassphrase" in type.getFields(),
    );
    expect(holders.map(({ name }) => name).toSorted()).toEqual(["ModelSyncCreateInput", "ModelSyncUpdateInput"]);
  });
});
