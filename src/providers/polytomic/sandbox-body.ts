// Request bodies the Polytomic sandbox understands, and the refusal when one is not right.
import { z } from "zod";
import { Refusal } from "./sandbox-http.ts";

const MODES = ["create", "update", "updateOrCreate", "replace", "append", "remove", "snapshot"] as const;
const FREQUENCIES = [
  "manual",
  "continuous",
  "hourly",
  "daily",
  "weekly",
  "custom",
  "builder",
  "runafter",
  "multi",
  "dbtcloud",
] as const;
const FILTER_FUNCTIONS = [
  "Equality",
  "Inequality",
  "IsNull",
  "IsNotNull",
  "True",
  "False",
  "OnOrAfter",
  "OnOrBefore",
  "GreaterThan",
  "GreaterThanEqual",
  "LessThan",
  "LessThanEqual",
  "StringContains",
  "StringStartsWith",
  "StringEndsWith",
  "StringDoesNotContain",
  "StringDoesNotStartWith",
  "StringDoesNotEndWith",
  "StringOneOf",
  "StringNotOneOf",
  "Between",
  "ArrayContains",
  "ArrayDoesNotContain",
  "InTheLast",
  "RelativeOnOrBefore",
  "RelativeOnOrAfter",
  "StringLike",
  "StringNotLike",
  "StringMatchesTrimmed",
] as const;

const nullableText = z.string().nullable().optional();
const source = z.object({ model_id: z.guid(), field: z.string().min(1) });
const filterFunction = z.enum(FILTER_FUNCTIONS);

const field = z.object({
  target: z.string().min(1),
  source: source.optional(),
  new: z.boolean().optional(),
  override_value: z.string().optional(),
  sync_mode: z.string().optional(),
  encryption_enabled: z.boolean().optional(),
});

const filter = z.object({
  function: filterFunction,
  field: source.optional(),
  field_id: z.string().optional(),
  field_type: z.enum(["Model", "Target"]).optional(),
  label: z.string().optional(),
  value: z.unknown(),
});

const override = z.object({
  field: source.optional(),
  field_id: z.string().optional(),
  function: filterFunction.optional(),
  override: z.unknown(),
  value: z.unknown(),
});

const schedule = z.object({
  frequency: z.enum(FREQUENCIES),
  day_of_week: nullableText,
  day_of_month: nullableText,
  month: nullableText,
  hour: nullableText,
  minute: nullableText,
  connection_id: z.guid().optional(),
  job_id: z.int().nullable().optional(),
  run_after: z
    .object({ sync_ids: z.array(z.guid()).optional(), bulk_sync_ids: z.array(z.guid()).optional() })
    .optional(),
  run_after_success_only: z.boolean().nullable().optional(),
});

const target = z.object({
  connection_id: z.guid(),
  object: z.string().optional(),
  create: z.record(z.string(), z.string()).optional(),
  new_name: z.string().optional(),
  configuration: z.record(z.string(), z.unknown()).optional(),
  search_values: z.record(z.string(), z.unknown()).optional(),
  filter_logic: z.string().optional(),
});

/** Body of create and of the full replacement. */
export const syncBody = z.object({
  name: z.string().min(1),
  mode: z.enum(MODES),
  fields: z.array(field),
  schedule,
  target,
  active: z.boolean().optional(),
  filter_logic: z.string().optional(),
  identity: z
    .object({
      function: z.enum(["Equality", "ISubstring", "OneOf", "DomainMatch", "HostnameMatch"]),
      source,
      target: z.string().min(1),
      new_field: z.boolean().optional(),
      remote_field_type_id: nullableText,
    })
    .optional(),
  only_enrich_updates: z.boolean().optional(),
  skip_initial_backfill: z.boolean().optional(),
  sync_all_records: z.boolean().optional(),
  filters: z.array(filter).nullable().optional(),
  override_fields: z.array(field).nullable().optional(),
  overrides: z.array(override).nullable().optional(),
  policies: z.array(z.guid()).nullable().optional(),
  organization_id: z.guid().nullable().optional(),
  encryption_passphrase: z.string().optional(),
});
export type SyncBody = z.infer<typeof syncBody>;
export type Mode = SyncBody["mode"];
export type ScheduleBody = SyncBody["schedule"];

export const startBody = z.object({
  identities: z.array(z.string()).nullable().optional(),
  resync: z.boolean().optional(),
  test: z.boolean().optional(),
});
export type StartBody = z.infer<typeof startBody>;

export const activateBody = z.object({ active: z.boolean() });

/** The vendor takes https alone; a receiver on the same machine has no certificate. */
const endpoint = z.union(
  [z.url({ protocol: /^https$/ }), z.url({ protocol: /^http$/, hostname: /^(localhost|127(\.\d+){3}|\[::1\])$/ })],
  { error: "expected an https address, or http on a loopback address" },
);

export const webhookBody = z.object({
  endpoint,
  secret: z.string().min(1),
  organization_id: z.guid().nullable().optional(),
});
export type WebhookBody = z.infer<typeof webhookBody>;

export const isMode = (text: string): text is Mode => MODES.some((mode) => mode === text);

/** @throws Refusal with that status and one sentence about every field that is wrong */
export function parseBody<Output>(schema: z.ZodType<Output>, body: unknown, status: 400 | 422): Output {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const sentences = parsed.error.issues.map((issue) => `${issue.path.join(".") || "body"}: ${issue.message}`);
  throw new Refusal(status, sentences.join("; "), { fields: parsed.error.issues.map((issue) => issue.path.join(".")) });
}
