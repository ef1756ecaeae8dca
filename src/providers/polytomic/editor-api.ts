// Polytomic's endpoints for changing syncs. Which of them make up a change, and what they are sent, is `editor.ts`'s.
import { ProviderError } from "../../domain/errors.ts";
import type { JsonObject } from "../../domain/json.ts";
import { createAsk } from "../../wire/ask.ts";
import type { HttpClient, HttpRequest } from "../../wire/http-client.ts";
import type { ReplyReader } from "../../wire/ask.ts";
import { pathFor } from "../../wire/path.ts";
import { withoutSecret } from "./errors.ts";
import { readRawSync } from "./raw-sync.ts";
import type { RawSync } from "./raw-sync.ts";
import { readSync } from "./wire-types.ts";
import type { WireSync } from "./wire-types.ts";

/** The calls that change syncs. Each throws `ProviderError` and nothing else, and none tells the encryption passphrase. */
export interface EditorApi {
  /**
   * Sent again after failures that may pass: the vendor promises one sync for one key.
   *
   * @param idempotencyKey 8 to 255 characters of `[A-Za-z0-9_-]`
   */
  createSync(body: JsonObject, idempotencyKey: string, signal?: AbortSignal): Promise<WireSync>;
  /** As it stands at this moment: never an answer that somebody else has asked for earlier. */
  readSync(syncId: string, signal?: AbortSignal): Promise<RawSync>;
  /** A full replacement: what the body leaves out is cleared. Never sent again by itself. */
  replaceSync(syncId: string, body: JsonObject, signal?: AbortSignal): Promise<RawSync>;
  activateSync(syncId: string, active: boolean, signal?: AbortSignal): Promise<void>;
  deleteSync(syncId: string, signal?: AbortSignal): Promise<void>;
}

/** @param provider key of the configured provider, for errors */
export function editorApi(http: HttpClient, provider: string): EditorApi {
  const ask = createAsk(http, provider);
  const path = pathFor(provider);

  async function askWith<Reply>(body: JsonObject, request: HttpRequest, read: ReplyReader<Reply>): Promise<Reply> {
    try {
      return await ask({ ...request, body }, read);
    } catch (cause) {
      if (!(cause instanceof ProviderError)) throw cause;
      throw withoutSecret(cause, request.operation, body["encryption_passphrase"]);
    }
  }

  return {
    createSync: (body, idempotencyKey, signal) => {
      const headers = { "Idempotency-Key": idempotencyKey };
      const request = { method: "POST", path: "/api/syncs", headers, repeat: "safe", signal } as const;
      return askWith(body, { operation: "create sync", ...request }, readSync);
    },
    // A read that may be repeated is shared with others under way, who may have asked before the last change.
    readSync: async (syncId, signal) => {
      const request = { method: "GET", path: path`/api/syncs/${syncId}`, repeat: "once", signal } as const;
      return ask({ operation: "get sync", ...request }, readRawSync);
    },
    replaceSync: async (syncId, body, signal) => {
      const request = { method: "PUT", path: path`/api/syncs/${syncId}`, repeat: "once", signal } as const;
      return askWith(body, { operation: "update sync", ...request }, readRawSync);
    },
    activateSync: async (syncId, active, signal) => {
      const request = { method: "POST", path: path`/api/syncs/${syncId}/activate`, body: { active }, signal } as const;
      // Switched twice, it stands where it stood after the first time.
      return ask({ operation: "activate sync", repeat: "safe", ...request }, () => undefined);
    },
    deleteSync: async (syncId, signal) => {
      const request = { method: "DELETE", path: path`/api/syncs/${syncId}`, signal } as const;
      // Ids are not used again, so a second time finds nothing.
      return ask({ operation: "delete sync", repeat: "safe", ...request }, () => undefined);
    },
  };
}
