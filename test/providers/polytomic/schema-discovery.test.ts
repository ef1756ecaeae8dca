// What connections can be read from and written to: the exact requests, and the values.
import { describe, expect, it } from "vitest";
import { createManualClock } from "../../support/manual-clock.ts";
import { conformance } from "./conformance.ts";
import { CONNECTION_ID, discoveryOf, polytomicAt, polytomicWith } from "./polytomic-at-fake-vendor.ts";

const AT = `/api/connections/${CONNECTION_ID}/modelsync`;
const wireField = {
  id: "f1",
  name: "email",
  label: "Email",
  description: "Address",
  type: "string",
  remote_type: "varchar",
  unique: true,
  user_added: false,
  example: "planted-record@example.com",
};
const sourceField = {
  remoteId: "f1",
  name: "email",
  label: "Email",
  description: "Address",
  type: "string",
  remoteType: "varchar",
  unique: true,
  userAdded: false,
};

describe("a source of polytomic's", () => {
  it("is asked for with the choices made so far, each value by itself, and tells the next ones", async () => {
    const body = {
      data: {
        configuration: { query: { type: "string", items: [] }, access_token: { type: "string" } },
        items: {
          table: {
            has_items: true,
            items: ["public.users", { name: "b", secret: "planted" }],
            requires_one_of: ["query"],
          },
          broken: "no choice",
          bare: {},
        },
        requires_one_of: ["query", "table"],
      },
    };
    const to = `GET ${AT}/source?params%5Btable%5D=public.users&params%5Btable%5D=a%26b&params%5Bfrom%5D=x`;
    await using at = await polytomicWith({ to, body });
    const parameters = { table: ["public.users", "a&b"], from: ["x"], none: [] };
    expect(await discoveryOf(at).source(CONNECTION_ID, parameters)).toEqual({
      configuration: { query: { type: "string", items: [] }, access_token: "[redacted]" },
      choices: [
        {
          name: "table",
          hasItems: true,
          items: ["public.users", { name: "b", secret: "[redacted]" }],
          requiresOneOf: ["query"],
        },
        { name: "bare", hasItems: null, items: [], requiresOneOf: [] },
      ],
      requiresOneOf: ["query", "table"],
    });
    expect(at.vendor.requests[0]?.headers).toMatchObject(conformance.headers);
  });

  it("may have nothing to choose", async () => {
    const data = { configuration: null, items: null, requires_one_of: null };
    await using at = await polytomicWith({ to: `GET ${AT}/source`, body: { data } });
    const source = await discoveryOf(at).source(CONNECTION_ID, {});
    expect(source).toEqual({ configuration: {}, choices: [], requiresOneOf: [] });
  });

  it("has fields, whose example values are not read", async () => {
    const to = `GET ${AT}/source/fields?params%5Btable%5D=public.users`;
    await using at = await polytomicWith({ to, body: { data: [wireField, { name: "plan" }] } });
    const fields = await discoveryOf(at).sourceFields(CONNECTION_ID, { table: ["public.users"] });
    expect(fields).toEqual([
      sourceField,
      {
        remoteId: null,
        name: "plan",
        label: null,
        description: null,
        type: null,
        remoteType: null,
        unique: null,
        userAdded: null,
      },
    ]);
  });
});

describe("models at polytomic", () => {
  it("are read to the last page, and those of other connections left out", async () => {
    const own = {
      id: "m1",
      name: "Users",
      connection_id: CONNECTION_ID,
      type: "table",
      fields: [wireField, {}],
      version: 1,
    };
    const nameless = { id: "m2", connection_id: CONNECTION_ID };
    const other = { id: "m3", name: "Others", connection_id: "another" };
    await using at = await polytomicWith(
      { to: "GET /api/models", body: { data: [own, other], pagination: { next_page_token: "next==" } } },
      { to: "GET /api/models?page_token=next%3D%3D", body: { data: [nameless, { id: "m4" }], pagination: {} } },
    );
    expect(await discoveryOf(at).models(CONNECTION_ID)).toEqual([
      { remoteId: "m1", name: "Users", type: "table", fields: [sourceField] },
      { remoteId: "m2", name: "m2", type: null, fields: [] },
    ]);
  });

  it("are read from an answer without pages", async () => {
    await using at = await polytomicWith({
      to: "GET /api/models",
      body: { data: [{ id: "m", connection_id: CONNECTION_ID }] },
    });
    expect(await discoveryOf(at).models(CONNECTION_ID)).toHaveLength(1);
  });
});

describe("target objects of polytomic's", () => {
  it("come with their modes and with what is needed to make one", async () => {
    const modes = [
      { id: "update", requires_identity: true, supports_per_field_mode: true, supports_target_filters: false },
      { id: "a mode of tomorrow" },
      {},
    ];
    const properties = [{ id: "folder", title: "Folder", enum: true }, { id: "name" }, {}];
    const body = {
      data: [{ id: "Contact", name: "Contacts", modes }, { id: "Lead" }],
      target_creation: { supported: true, properties },
    };
    await using at = await polytomicWith({ to: `GET ${AT}/targetobjects`, body });
    const unsaid = {
      label: null,
      description: null,
      requiresIdentity: null,
      supportsFieldModes: null,
      supportsTargetFilters: null,
    };
    expect(await discoveryOf(at).targetObjects(CONNECTION_ID)).toEqual({
      objects: [
        {
          remoteId: "Contact",
          name: "Contacts",
          modes: [
            {
              ...unsaid,
              mode: "update",
              requiresIdentity: true,
              supportsFieldModes: true,
              supportsTargetFilters: false,
            },
            { ...unsaid, mode: "a mode of tomorrow" },
          ],
        },
        { remoteId: "Lead", name: null, modes: [] },
      ],
      canCreate: true,
      creationProperties: [
        { remoteId: "folder", title: "Folder", isEnum: true },
        { remoteId: "name", title: null, isEnum: null },
      ],
    });
  });

  it.each([{}, { target_creation: null }, { target_creation: { supported: false } }])(
    "cannot be made unless the vendor says so: %j",
    async (more) => {
      await using at = await polytomicWith({ to: `GET ${AT}/targetobjects`, body: { data: null, ...more } });
      const none = { objects: [], canCreate: false, creationProperties: [] };
      expect(await discoveryOf(at).targetObjects(CONNECTION_ID)).toEqual(none);
    },
  );

  const TARGET = {
    id: "Contact",
    name: "Contacts",
    fields: [
      {
        id: "Email",
        name: "E-mail",
        description: "Address",
        type: "string",
        source_type: "email",
        required: true,
        createable: true,
        updateable: false,
        filterable: true,
        encryptable: false,
        association: false,
        supports_identity: true,
        identity_functions: [{ id: "Equality", label: "Equals" }, {}],
      },
      { id: "Bare" },
    ],
    modes: [
      {
        mode: "create",
        label: "Create",
        description: "New ones",
        requires_identity: false,
        supports_field_sync_mode: true,
        supports_target_filters: true,
      },
    ],
    properties: { supports_field_creation: true, new_target_label: "Sheet" },
    refreshed_at: "2026-03-02T11:00:00Z",
  };

  it("have fields, modes and properties", async () => {
    await using at = await polytomicWith({
      to: `GET ${AT}/target/fields?target=Contact+%26+more`,
      body: { data: TARGET },
    });
    const detail = await discoveryOf(at).targetObject(CONNECTION_ID, "Contact & more", false);
    expect(detail).toMatchObject({
      remoteId: "Contact",
      name: "Contacts",
      modes: [
        {
          mode: "create",
          label: "Create",
          description: "New ones",
          requiresIdentity: false,
          supportsFieldModes: true,
          supportsTargetFilters: true,
        },
      ],
      properties: { supports_field_creation: true, new_target_label: "Sheet" },
      refreshedAt: new Date("2026-03-02T11:00:00Z"),
    });
    expect(detail.fields[0]).toEqual({
      remoteId: "Email",
      name: "E-mail",
      description: "Address",
      type: "string",
      sourceType: "email",
      required: true,
      creatable: true,
      updatable: false,
      filterable: true,
      encryptable: false,
      association: false,
      supportsIdentity: true,
      identityFunctions: ["Equality"],
    });
    expect(detail.fields[1]).toMatchObject({ remoteId: "Bare", name: null, required: null, identityFunctions: [] });
  });

  it("may say nothing of themselves", async () => {
    const data = { fields: null, modes: null };
    await using at = await polytomicWith({ to: `GET ${AT}/target/fields?target=Contact`, body: { data } });
    expect(await discoveryOf(at).targetObject(CONNECTION_ID, "Contact", false)).toEqual({
      remoteId: null,
      name: null,
      fields: [],
      modes: [],
      properties: {},
      refreshedAt: null,
    });
  });

  it("are waited for longer when the vendor is to ask the target anew", async () => {
    const clock = createManualClock(conformance.now);
    const patience: number[] = [];
    await using at = await polytomicAt(
      () => {
        patience.push(Math.max(...clock.pending()));
        return { json: { data: TARGET } };
      },
      { clock },
    );
    await discoveryOf(at).targetObject(CONNECTION_ID, "Contact", false);
    await discoveryOf(at).targetObject(CONNECTION_ID, "Contact", true);
    expect(at.vendor.requests.map(({ query }) => query.get("refresh"))).toEqual([null, "true"]);
    expect(patience).toEqual([15_000, 60_000]);
  });

  it("take the values a property may have", async () => {
    const to = `GET ${AT}/targetobjects/properties/a%2Fb`;
    const values = [{ label: "Finance", value: "finance" }, { label: null, value: "shared" }, { label: "none" }];
    await using at = await polytomicWith({ to, body: { data: { id: "a/b", title: "Folder", enum: true, values } } });
    expect(await discoveryOf(at).creationValues(CONNECTION_ID, "a/b")).toEqual([
      { value: "finance", label: "Finance" },
      { value: "shared", label: null },
    ]);
  });
});

describe("schedules on offer at polytomic", () => {
  it("are told in the gateway's words and the vendor's", async () => {
    const configuration = { type: "object", properties: { hour: { type: "string" } } };
    const schedule_options = [
      { frequency: "daily", label: "Daily", description: "Once a day", configuration },
      { frequency: "multi" },
    ];
    await using at = await polytomicWith({ to: "GET /api/syncs/schedules", body: { data: { schedule_options } } });
    expect(await discoveryOf(at).scheduleOptions()).toEqual([
      { frequency: "DAILY", rawFrequency: "daily", label: "Daily", description: "Once a day", configuration },
      { frequency: "UNKNOWN", rawFrequency: "multi", label: null, description: null, configuration: {} },
    ]);
  });

  it("may be none", async () => {
    await using at = await polytomicWith({
      to: "GET /api/syncs/schedules",
      body: { data: { schedule_options: null } },
    });
    expect(await discoveryOf(at).scheduleOptions()).toEqual([]);
  });
});
