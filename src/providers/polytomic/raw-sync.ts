// A sync exactly as the vendor wrote it, for sending it back in a full replacement. It holds the encryption passphrase: nothing of it
// leaves this file but the body of that request.
import { z } from "zod";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { ForeignText } from "../../wire/foreign-text.ts";
import type { Written } from "../../wire/http-client.ts";
import { failureWith } from "../../wire/provider-failure.ts";
import { badResponse, isRecord, parseReply, typeName } from "../../wire/read-reply.ts";
import type { ReplySource } from "../../wire/read-reply.ts";
import { holdsLossyNumber, restored, sameMeaning } from "./carry-over.ts";
import { filled, refuseHidden } from "./model-sync-body.ts";
import { readSync } from "./wire-types.ts";
import type { WireSync } from "./wire-types.ts";

export class RawSync {
  /** What of it may be shown. */
  readonly sync: WireSync;
  // Private to the engine, so that neither a log nor JSON.stringify can find it.
  readonly #parts: JsonObject;
  readonly #source: ReplySource;
  readonly #texts: ForeignText;

  constructor(body: unknown, source: ReplySource, written: Written) {
    this.sync = readSync(body, source);
    this.#parts = parseReply(envelope, written.body, source).data;
    this.#source = source;
    this.#texts = written.texts;
  }

  /**
   * The body of the replacement that changes these parts and nothing else.
   *
   * @param changes parts in the vendor's words; null takes a part away
   * @throws ProviderError `PROVIDER_BAD_RESPONSE`, not sent, when the vendor's answer is not whole enough to be sent back;
   *   `BAD_USER_INPUT` when a change holds the word for what is hidden, and not where the vendor has that value
   */
  replacement(changes: JsonObject): JsonObject {
    const parts = Object.entries(this.#parts).filter(([name]) => !READ_ONLY.has(name));
    const changed = Object.entries(changes).map(([name, part]): [string, JsonValue] => [
      name,
      restored(name, part, this.#parts[name], this.#texts),
    ]);
    for (const [name, part] of changed) refuseHidden(this.#source.provider, name, part, this.#parts[name]);
    // An absent list and an empty one are the same to the vendor, but this one it wants to see.
    const body = filled({ fields: [], ...filled(Object.fromEntries(parts)), ...Object.fromEntries(changed) });
    for (const name of REQUIRED) this.#expect(body[name] !== undefined, name, "there", typeName(this.#parts[name]));
    for (const [name, part] of parts) {
      if (Object.hasOwn(changes, name)) continue;
      this.#expect(!holdsLossyNumber(part), name, "numbers that can be sent back as they are", "a larger one");
    }
    const passphrase = body[PASSPHRASE];
    const masked = typeof passphrase === "string" && /^[*\u2022]+$/.test(passphrase);
    const isGiven = Object.hasOwn(changes, PASSPHRASE);
    this.#expect(isGiven || !masked, PASSPHRASE, "the passphrase itself, to be sent back", "a masked one");
    return body;
  }

  /** Names of parts, in the vendor's words, that say something else than before, except those that were to be changed. */
  changedSince(before: RawSync, changes: JsonObject): readonly string[] {
    return WRITABLE.filter(
      (name) => !Object.hasOwn(changes, name) && !sameMeaning(name, this.#parts[name], before.#parts[name]),
    );
  }

  #expect(holds: boolean, name: string, expected: string, got: string): void {
    if (!holds) throw failureWith(badResponse(this.#source, { field: `data.${name}`, expected, got }), { sent: false });
  }
}

/** The reader of an answer that is one sync. */
export const readRawSync = (body: unknown, source: ReplySource, written: Written): RawSync =>
  new RawSync(body, source, written);

const PASSPHRASE = "encryption_passphrase";

const REQUIRED = ["name", "mode", "schedule", "target"];

/** What the vendor decides by itself. What else it may come to say is taken for a part of the definition and sent back. */
const READ_ONLY: ReadonlySet<string> = new Set([
  "id",
  "model_ids",
  "created_at",
  "created_by",
  "updated_at",
  "updated_by",
]);

/** What the vendor documents for a replacement: only this is known to change by an edit alone. */
const WRITABLE: readonly string[] = [
  ...[
    ...REQUIRED,
    "active",
    "fields",
    "override_fields",
    "filters",
    "filter_logic",
    "identity",
    "overrides",
    "policies",
  ],
  ...["only_enrich_updates", "skip_initial_backfill", "sync_all_records", "organization_id", PASSPHRASE],
];

const envelope = z.object({ data: z.custom<JsonObject>(isRecord, { error: "an object" }) });
