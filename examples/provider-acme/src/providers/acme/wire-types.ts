// Parsers for the JSON Acme sends: only the fields the gateway uses, tolerant of the rest. What they mean is said in `map.ts`.
import { z } from "zod";
import type { UnreadList } from "../../wire/ask.ts";
import { anyList } from "../../wire/list-fields.ts";
import {
  exactText as id,
  filledLine,
  looseCount as count,
  looseFlag as flag,
  looseText as text,
  looseTime as time,
} from "../../wire/loose-fields.ts";
import { parseReply } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";

// What the gateway cannot do without is required; the rest is loose: absent or of another type, it is null.

const pipelineShape = z.object({
  id,
  name: text,
  enabled: flag,
  account: z.object({ id, name: text, status: text }),
  created_at: time,
  updated_at: time,
});
export type AcmePipeline = z.infer<typeof pipelineShape>;

const runErrorShape = z.object({ code: text, message: text });
export type AcmeRunError = z.infer<typeof runErrorShape>;

const runShape = z.object({
  id,
  pipeline_id: id,
  account_id: id,
  status: filledLine,
  trigger: text,
  full_refresh: flag,
  records_written: count,
  records_failed: count,
  error: runErrorShape.nullish().catch(null),
  // By this time an unanswered start is recognised.
  created_at: z.iso.datetime({ error: "a time" }).transform((moment) => new Date(moment)),
  started_at: time,
  finished_at: time,
  updated_at: time,
});
/** A run, and beside it the answer it was read from. */
export type AcmeRun = z.infer<typeof runShape> & { readonly reply: unknown };

/** A cursor of another type is no end: a part of a list must not look like the whole. */
const pageShape = z.object({ data: anyList, next_cursor: id.nullable() });

export function parsePipeline(body: unknown, source: ReplySource, place: string): AcmePipeline {
  return parseReply(pipelineShape, body, source, place);
}

export function parseRun(body: unknown, source: ReplySource, place: string): AcmeRun {
  return { ...parseReply(runShape, body, source, place), reply: body };
}

/** Every list comes in one envelope. Its entries are read one by one, by the readers above. */
export function parsePage(body: unknown, source: ReplySource): UnreadList & { readonly next: string | null } {
  const { data, next_cursor: next } = parseReply(pageShape, body, source);
  return { items: data, place: "data", next };
}
