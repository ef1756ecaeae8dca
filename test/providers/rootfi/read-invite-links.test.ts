// The sync configs that RootFi's v3 shows in invite links only: that they are in force, what is read for it, and what happens without them.
import { afterEach, describe, expect, it } from "vitest";
import type { DefinitionSnapshot } from "../../../src/domain/definition.ts";
import type { RecordedReply } from "../../support/adapter-at-fake-vendor.ts";
import { allOf, refusal, syncJob } from "../../support/provider-values.ts";
import { atRootfi } from "./rootfi-at-fake-vendor.ts";
import type { AtRootfi } from "./rootfi-at-fake-vendor.ts";
import { INVITE_LINKS, companyV3, configV3, linkV3, linksV3 } from "./sync-config.ts";

let rootfi: AtRootfi | null = null;
afterEach(async () => {
  await rootfi?.close();
  rootfi = null;
});

async function connect(...replies: readonly RecordedReply[]): Promise<AtRootfi> {
  rootfi = await atRootfi(replies);
  return rootfi;
}

const JOB = syncJob({
  remoteId: "8422:NETSUITE",
  linkedAccountRemoteId: "8422",
  integration: "NETSUITE",
  resources: [{ name: "ACCOUNTS" }, { name: "BILLS" }],
});
const COMPANIES = "GET /core/companies?limit=100&expand=connections";
const COMPANY = "GET /core/companies/8422";
const CONFIGS = "GET /core/syncs/config?category=ACCOUNTING";
const PUT = "PUT /core/companies/8422";

const off = (model: string): object => configV3(model, { enabled: false });
const companies = (own: object | null): RecordedReply => ({ to: COMPANIES, body: { data: [companyV3(own)] } });
const company = (own: object | null): RecordedReply => ({ to: COMPANY, body: { data: companyV3(own) } });
const CONFIG_LIST: RecordedReply = {
  to: CONFIGS,
  body: { sync_config: [configV3("ACCOUNTS"), configV3("BILLS"), configV3("ITEMS")] },
};

/** Which data models are on, by name. */
const enabled = (job: DefinitionSnapshot | undefined) =>
  job?.kind === "SYNC_JOB" ? Object.fromEntries(job.resources.map((one) => [one.name, one.enabled])) : null;

describe("a company of RootFi whose page shows the config that was set last", () => {
  it("has those that were set before from its invite link, in the list and by itself", async () => {
    const link = linksV3([linkV3([off("BILLS"), configV3("ACCOUNTS")])]);
    const { provider, sent } = await connect(
      ...[link, companies(off("ACCOUNTS")), CONFIG_LIST],
      ...[link, company(off("ACCOUNTS")), CONFIG_LIST],
    );
    const [listed] = await allOf(provider.listDefinitions());
    const alone = await provider.getDefinition(JOB.remoteId, "SYNC_JOB");
    // What the company shows itself is newer than what the link showed before.
    expect(enabled(listed)).toEqual({ ACCOUNTS: false, BILLS: false, ITEMS: true });
    expect(alone).toEqual(listed);
    expect(alone.detailed).toBe(true);
    expect(sent().map(({ request }) => request)).toEqual([
      ...[INVITE_LINKS, COMPANIES, CONFIGS],
      ...[INVITE_LINKS, COMPANY, CONFIGS],
    ]);
  });

  it("has those of its own link and connection only, and of two to one platform the one that works", async () => {
    const theirs = linkV3([off("ITEMS")], { company: { rootfi_id: 8423 } });
    const connection = { integration_type: "NETSUITE", category: "ACCOUNTING" };
    const own = linkV3([], {
      connections: [
        { ...connection, integration_type: "XERO", status: "HEALTHY", sync_config: [off("ACCOUNTS")] },
        { ...connection, status: "DISCONNECTED", sync_config: [off("ACCOUNTS")] },
        { ...connection, status: "HEALTHY", sync_config: [off("BILLS")] },
      ],
    });
    const { provider } = await connect(linksV3([theirs, own]), companies(null), CONFIG_LIST);
    expect(enabled((await allOf(provider.listDefinitions()))[0])).toEqual({
      ACCOUNTS: true,
      BILLS: false,
      ITEMS: true,
    });
  });

  it("is looked for on the pages of links until its own is found", async () => {
    const other = linkV3([], { company: { rootfi_id: 8423 }, connections: null });
    const { provider, sent } = await connect(
      linksV3([other, linkV3([], { company: null })], "b"),
      { to: `${INVITE_LINKS}&next=b`, body: { data: [linkV3([off("BILLS")])], next: "c" } },
      company(null),
      CONFIG_LIST,
    );
    expect(enabled(await provider.getDefinition(JOB.remoteId, "SYNC_JOB"))).toMatchObject({ BILLS: false });
    expect(sent()).toHaveLength(4);
  });

  it("shows nothing of the link itself, nor does the error when a link cannot be understood", async () => {
    const { provider } = await connect(
      ...[linksV3([linkV3([off("BILLS")])]), company(null), CONFIG_LIST],
      linksV3([linkV3([{ data_model: 7 }])]),
    );
    expect(JSON.stringify(await provider.getDefinition(JOB.remoteId, "SYNC_JOB"))).not.toContain("il_capability");
    const change = provider.editors?.schedules?.put(JOB, null, {
      remoteId: null,
      resource: "BILLS",
      frequency: "DAILY",
    });
    const failure = await refusal(change ?? Promise.resolve());
    expect(failure).toMatchObject({ code: "PROVIDER_BAD_RESPONSE" });
    expect(String(failure)).not.toContain("il_capability");
  });
});

describe("invite links of RootFi that cannot be read", () => {
  const FAILURES: readonly (readonly [string, Partial<RecordedReply>, boolean])[] = [
    ["for the moment leave the job brief, so that what is known of it stays", { status: 503, body: null }, false],
    ["with this key leave the job as the company shows it", { status: 403, body: null }, true],
    ["because one has no shape leave the job as the company shows it", { body: { data: [7] } }, true],
  ];
  it.each(FAILURES)("%s", async (_case, reply, detailed) => {
    const failing = { to: INVITE_LINKS, ...reply };
    const { provider } = await connect(
      ...[failing, companies(off("BILLS")), CONFIG_LIST],
      ...[failing, company(off("BILLS")), CONFIG_LIST],
    );
    const jobs = [...(await allOf(provider.listDefinitions())), await provider.getDefinition(JOB.remoteId, "SYNC_JOB")];
    expect(jobs.map((job) => [enabled(job), job.detailed])).toEqual(
      Array.from({ length: 2 }, () => [{ ACCOUNTS: true, BILLS: false, ITEMS: true }, detailed]),
    );
  });

  it("are not read in part: a page that fails leaves none", async () => {
    const { provider } = await connect(
      linksV3([linkV3([off("BILLS")])], "b"),
      { to: `${INVITE_LINKS}&next=b`, status: 503, body: null },
      ...[companies(null), CONFIG_LIST],
    );
    const [job] = await allOf(provider.listDefinitions());
    expect(enabled(job)).toMatchObject({ BILLS: true });
    expect(job?.detailed).toBe(false);
  });

  it("let nothing be changed, and say why", async () => {
    const { provider, sent } = await connect(
      { to: INVITE_LINKS, status: 503, body: { error: { message: "Try later", code: "busy" } } },
      { to: INVITE_LINKS, status: 403, body: null },
    );
    const { syncJobs, schedules } = provider.editors ?? {};
    const patch = { resources: [{ name: "BILLS", enabled: false }] };
    const update = syncJobs?.update(JOB, patch, { expectedUpdatedAt: null });
    const failure = await refusal(update ?? Promise.resolve());
    expect(failure).toMatchObject({ code: "PROVIDER_UNAVAILABLE", httpStatus: 503 });
    expect(failure.message).toContain("GET /core/invite_links");
    const put = schedules?.put(JOB, null, { remoteId: null, resource: "BILLS", frequency: "DAILY" });
    expect(await refusal(put ?? Promise.resolve())).toMatchObject({ code: "PROVIDER_AUTH_FAILED" });
    expect(sent().map(({ request }) => request)).toEqual([INVITE_LINKS, INVITE_LINKS]);
  });
});

describe("a change of a company at RootFi whose invite link shows more", () => {
  it("is put on top of the link's config, and leaves the others as the link shows them", async () => {
    const own = { enabled: false, frequency: "MONTHLY", interval: 2, sync_from: null };
    const { provider, sent } = await connect(
      linksV3([linkV3([configV3("BILLS", own), off("ACCOUNTS")])]),
      ...[company(configV3("ITEMS")), CONFIG_LIST],
      { to: PUT, body: { data: [companyV3(configV3("BILLS", { ...own, custom_fields: ["memo"] }))] } },
    );
    const patch = { resources: [{ name: "BILLS", customFields: ["memo"] }] };
    const after = await provider.editors?.syncJobs?.update(JOB, patch, { expectedUpdatedAt: null });
    expect(sent().at(-1)?.body).toEqual({ sync_config: configV3("BILLS", { ...own, custom_fields: ["memo"] }) });
    expect(enabled(after)).toEqual({ ACCOUNTS: false, BILLS: false, ITEMS: true });
  });
});
