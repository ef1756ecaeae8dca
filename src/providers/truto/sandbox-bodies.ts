// Request bodies the Truto sandbox understands, and the check of a run's arguments against its job's own description of them.
import { z } from "zod";
import type { Failure } from "./sandbox-http.ts";

const anyObject = z.record(z.string(), z.unknown());
const errorHandling = z.enum(["fail_fast", "ignore", "batch"]);
const superQuery = z.enum(["apac", "wnam"]).nullable().optional();

/** A resource of runtimes 1 to 3 has `resource` and `method`, a node of runtime 4 `name` and `type`. */
const resource = z.union([
  z.looseObject({ name: z.string().min(1), type: z.string().min(1) }),
  z.looseObject({ resource: z.string().min(1), method: z.string().min(1) }),
]);
export type Resource = z.infer<typeof resource>;

export const jobBody = z.object({
  label: z.string().optional(),
  integration_name: z.string().optional(),
  default_runtime_version: z.int().min(1).max(4).optional(),
  args_schema: anyObject.optional(),
  args_validation: z.string().nullable().optional(),
  mutex_key: z.string().nullable().optional(),
  state_key: z.string().nullable().optional(),
  resources: z.array(resource).optional(),
});
export type JobBody = z.infer<typeof jobBody>;

export const runBody = z.object({
  sync_job_id: z.guid(),
  integrated_account_id: z.guid(),
  args: anyObject.optional(),
  webhook_id: z.guid().optional(),
  daemon_group_key: z.string().min(1).optional(),
  error_handling: errorHandling.optional(),
  ignore_previous_run: z.boolean().optional(),
  status: z.literal("created").optional(),
  resources: z.array(resource).optional(),
  super_query: superQuery,
  force: z.boolean().optional(),
  events_to_send: z.array(z.string()).optional(),
  datastore_id: z.guid().optional(),
  mutex_key: z.string().optional(),
  state_key: z.string().optional(),
});
export type RunBody = z.infer<typeof runBody>;

const RUN_STATUSES = ["created", "running", "rate_limited", "completed", "failed", "stopped"] as const;
export const runPatch = z.object({
  status: z.enum(RUN_STATUSES).optional(),
  started_at: z.string().optional(),
  finished_at: z.string().optional(),
});
export type RunStatus = (typeof RUN_STATUSES)[number];

const cronField = /^(\*|\d+(-\d+)?)(\/\d+)?(,(\*|\d+(-\d+)?)(\/\d+)?)*$/;
const cronExpression = z.string().refine((text) => {
  const fields = text.trim().split(/\s+/);
  return fields.length === 5 && fields.every((field) => cronField.test(field));
}, "expected five cron fields");

export const triggerPatch = z.object({
  cron_expression: cronExpression.optional(),
  webhook_id: z.guid().nullable().optional(),
  daemon_group_key: z.string().nullable().optional(),
  super_query: superQuery,
  error_handling: errorHandling.nullable().optional(),
  events_to_send: z.array(z.string()).nullable().optional(),
  meta: anyObject.optional(),
});

export const triggerBody = triggerPatch.extend({
  sync_job_id: z.guid(),
  integrated_account_id: z.guid().optional(),
  cron_expression: cronExpression,
  args: anyObject.optional(),
});
export type TriggerBody = z.infer<typeof triggerBody>;

/** The vendor takes https alone; a receiver on the same machine has no certificate. */
const targetUrl = z.union(
  [z.url({ protocol: /^https$/ }), z.url({ protocol: /^http$/, hostname: /^(localhost|127(\.\d+){3}|\[::1\])$/ })],
  { error: "target_url must be an https address, or http on a loopback address" },
);

export const webhookBody = z.object({
  target_url: targetUrl,
  is_active: z.boolean().optional(),
  event_types: z.array(z.string()).optional(),
});
export const webhookPatch = webhookBody.partial();
export const webhookTest = z.object({ id: z.guid(), event_type: z.string().optional() });

// `unknown` alone would accept a body without the field.
export const stateBody = z
  .object({ key: z.string().min(1).optional(), value: z.unknown() })
  .refine((body) => body.value !== undefined, { path: ["value"], message: "value is required" });

/** What is wrong with a run's arguments. Both of the vendor's forms of `args_schema` are understood. */
export function argumentFailures(
  schema: Readonly<Record<string, unknown>>,
  args: Readonly<Record<string, unknown>>,
  accountExists: (id: string) => boolean,
): readonly Failure[] {
  return Object.entries(argumentsOf(schema)).flatMap(([name, described]) => {
    const rule = anyObject.safeParse(described).data ?? {};
    const value = args[name];
    const message =
      value === undefined || value === null ? missing(name, rule) : mismatch(name, rule, value, accountExists);
    return message === null ? [] : [{ field: `args.${name}`, message }];
  });
}

function argumentsOf(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { type, properties } = schema;
  const inner = anyObject.safeParse(properties);
  return type === "object" && inner.success ? inner.data : schema;
}

function missing(name: string, rule: Readonly<Record<string, unknown>>): string | null {
  // Each argument says of itself whether it is required, unlike in JSON Schema.
  return rule["required"] === true ? `args.${name} is required` : null;
}

function mismatch(
  name: string,
  rule: Readonly<Record<string, unknown>>,
  value: unknown,
  accountExists: (id: string) => boolean,
): string | null {
  const { type, format } = rule;
  if (typeof type === "string" && !hasType(type, value)) return `args.${name} must be of type ${type}`;
  if ((format === "date" || format === "updated_at") && Number.isNaN(Date.parse(String(value))))
    return `args.${name} must be a date`;
  if (format === "integrated_account_id" && !accountExists(String(value)))
    return `args.${name} is not an integrated account`;
  return null;
}

function hasType(type: string, value: unknown): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && !Array.isArray(value);
  return typeof value === type;
}
