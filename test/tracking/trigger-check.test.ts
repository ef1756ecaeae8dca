// What is wrong with a start is found before the vendor is called: each problem has its code, its field and its advice.
import { expect, test } from "vitest";
import { LinkedAccountStatus } from "../../src/domain/definition.ts";
import type { DefinitionSnapshot, LinkedAccountSnapshot } from "../../src/domain/definition.ts";
import { ErrorCode } from "../../src/domain/errors.ts";
import type { TriggerCommand } from "../../src/domain/gateway-port.ts";
import type { Capabilities } from "../../src/domain/provider-port.ts";
import { SyncStatus } from "../../src/domain/status.ts";
import { createFakeProvider } from "../support/fake-provider.ts";
import type { FakeProvider } from "../support/fake-provider.ts";
import { at, linkedAccount, observation, syncJob } from "../support/store-values.ts";
import { TENANT, command, createTestTracking, idOf, storeMaker } from "../support/tracking.ts";

const openStore = storeMaker();

interface Case {
  readonly name: string;
  readonly asked?: Partial<TriggerCommand>;
  readonly capabilities?: Partial<Capabilities>;
  readonly definition?: Partial<DefinitionSnapshot & { readonly kind: "SYNC_JOB" }>;
  readonly account?: Partial<LinkedAccountSnapshot>;
  readonly code: ErrorCode;
  readonly field: readonly string[];
}

const { CapabilityNotSupported, BadUserInput, NotFound, DefinitionInactive, LinkedAccountUnavailable } = ErrorCode;

const CASES: readonly Case[] = [
  { name: "an option the provider lacks", asked: { test: true }, code: CapabilityNotSupported, field: ["test"] },
  {
    name: "error handling where there is none",
    asked: { onError: "IGNORE" },
    code: CapabilityNotSupported,
    field: ["onError"],
  },
  {
    name: "identities where there are none",
    asked: { identities: ["a"] },
    code: CapabilityNotSupported,
    field: ["identities"],
  },
  {
    name: "a linked account where the definition fixes it",
    asked: { linkedAccountId: idOf("linkedAccount", "account-1") },
    capabilities: { startOptions: ["models"] },
    code: CapabilityNotSupported,
    field: ["linkedAccountId"],
  },
  {
    name: "a required option left out",
    capabilities: { requiredStartOptions: ["args"] },
    code: BadUserInput,
    field: ["args"],
  },
  {
    name: "a required linked account left out",
    capabilities: { requiredStartOptions: ["linkedAccountRemoteId"] },
    definition: { linkedAccountRemoteId: null },
    code: BadUserInput,
    field: ["linkedAccountId"],
  },
  {
    name: "an unknown definition",
    asked: { definitionId: idOf("definition", "job-9") },
    code: NotFound,
    field: ["definitionId"],
  },
  {
    name: "an unknown linked account",
    asked: { linkedAccountId: idOf("linkedAccount", "account-9") },
    code: NotFound,
    field: ["linkedAccountId"],
  },
  { name: "an inactive definition", definition: { active: false }, code: DefinitionInactive, field: ["definitionId"] },
  {
    name: "a linked account that waits for a sign-in",
    account: { status: LinkedAccountStatus.AuthenticationRequired },
    code: LinkedAccountUnavailable,
    field: ["definitionId"],
  },
  {
    name: "a linked account that waits for a sign-in, chosen by the caller",
    asked: { linkedAccountId: idOf("linkedAccount", "account-1") },
    definition: { linkedAccountRemoteId: null },
    account: { status: LinkedAccountStatus.AuthenticationRequired },
    code: LinkedAccountUnavailable,
    field: ["linkedAccountId"],
  },
  {
    name: "a disabled linked account, chosen by the caller",
    asked: { linkedAccountId: idOf("linkedAccount", "account-1") },
    definition: { linkedAccountRemoteId: null },
    account: { status: LinkedAccountStatus.Disabled },
    code: LinkedAccountUnavailable,
    field: ["linkedAccountId"],
  },
  {
    name: "a disabled linked account",
    account: { status: LinkedAccountStatus.Disabled },
    code: LinkedAccountUnavailable,
    field: ["definitionId"],
  },
];

test.each(CASES)("$name is a problem with code $code at $field, and the vendor hears nothing of it", async (given) => {
  const { triggers, fake, store } = await tracking(
    createFakeProvider("acme", given.capabilities),
    [syncJob("job-1", given.definition)],
    [linkedAccount("account-1", given.account)],
  );
  const result = await triggers.trigger(TENANT, command({ idempotencyKey: "k1", ...given.asked }));
  expect(result).toMatchObject({ syncs: [], attached: false, trigger: null });
  expect(result.problems).toMatchObject([{ code: given.code, field: given.field }]);
  expect(fake.calls).toEqual([]);
  expect(await store.triggers.unresolved(TENANT, at(1_000_000))).toEqual([]);
});

test.each([
  LinkedAccountStatus.Healthy,
  LinkedAccountStatus.Unhealthy,
  LinkedAccountStatus.Pending,
  LinkedAccountStatus.Unknown,
])("a linked account that is %s is left to the vendor to judge", async (status) => {
  const { triggers } = await tracking(
    createFakeProvider("acme"),
    [syncJob("job-1")],
    [linkedAccount("account-1", { status })],
  );
  expect((await triggers.trigger(TENANT, command())).problems).toEqual([]);
});

test("every option that is lacking is named at once, with those there are", async () => {
  const { triggers } = await tracking(
    createFakeProvider("acme", { startOptions: ["models"], requiredStartOptions: ["models"] }),
  );
  const { problems } = await triggers.trigger(TENANT, command({ test: true, args: {} }));
  expect(problems.map(({ field }) => field)).toEqual([["args"], ["test"], ["models"]]);
  expect(problems[0]?.message).toContain("understands models");
});

test("what the vendor's own rules object to comes after the shared ones, and is not sent either", async () => {
  const objection = { code: BadUserInput, message: "args.since: expected a date", field: ["args", "since"] };
  const { triggers, fake } = await tracking(createFakeProvider("acme", {}, { checkStart: () => [objection] }));
  expect((await triggers.trigger(TENANT, command({ args: { since: "soon" } }))).problems).toEqual([objection]);
  expect((await triggers.trigger(TENANT, command({ test: true }))).problems).toMatchObject([
    { code: CapabilityNotSupported },
  ]);
  expect(fake.calls).toEqual([]);
});

test("a definition that is gone at the vendor is not started", async () => {
  const { triggers, fake, store, clock } = await tracking(createFakeProvider("acme"));
  await store.catalog.markGone(TENANT, "acme", "definition", at(1), clock.now());
  const result = await triggers.trigger(TENANT, command());
  expect(result.problems).toMatchObject([{ code: NotFound, field: ["definitionId"] }]);
  expect(fake.calls).toEqual([]);
});

test("a definition of a provider that is not configured any more is not started", async () => {
  const { triggers, fake, store, clock } = await tracking(createFakeProvider("globex"));
  await store.catalog.putDefinitions(TENANT, "acme", [syncJob("job-1")], clock.now());
  const result = await triggers.trigger(TENANT, command());
  expect(result.problems).toMatchObject([{ code: NotFound, field: ["definitionId"] }]);
  expect(fake.calls).toEqual([]);
});

test("a linked account of another provider is not found", async () => {
  const { triggers, fake, store, clock } = await tracking(createFakeProvider("acme"));
  await store.catalog.putLinkedAccounts(TENANT, "globex", [linkedAccount("account-1")], clock.now());
  const [theirs] = (
    await store.catalog.listLinkedAccounts(
      TENANT,
      { providerKeys: ["globex"] },
      { limit: 1, direction: "forward", from: null },
    )
  ).items;
  const result = await triggers.trigger(TENANT, command({ linkedAccountId: theirs?.id ?? "" }));
  expect(result.problems).toMatchObject([{ code: NotFound, field: ["linkedAccountId"] }]);
  expect(fake.calls).toEqual([]);
});

test("a problem does not use up the idempotency key", async () => {
  const { triggers, fake, stock } = await tracking(createFakeProvider("acme"), [syncJob("job-1", { active: false })]);
  expect((await triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).problems).toHaveLength(1);
  await stock();
  expect(await triggers.trigger(TENANT, command({ idempotencyKey: "k1" }))).toMatchObject({
    problems: [],
    syncs: [{ status: SyncStatus.Running }],
  });
  expect(fake.callsOf("start")).toHaveLength(1);
});

test("a run of an unusable definition is not attached to either", async () => {
  const { triggers, see } = await tracking(createFakeProvider("acme"), [syncJob("job-1", { active: false })]);
  await see(observation("open"));
  expect((await triggers.trigger(TENANT, command())).problems).toMatchObject([{ code: DefinitionInactive }]);
});

async function tracking(
  fake: FakeProvider,
  definitions?: readonly DefinitionSnapshot[],
  accounts?: readonly LinkedAccountSnapshot[],
) {
  const made = createTestTracking(await openStore(), [fake]);
  await made.stock(definitions, accounts);
  return made;
}
