// The vendors' sandboxes as providers: for the first run, and for whoever asks for them.
import type { SandboxServer } from "../domain/sandbox-port.ts";
import { loadProviderModules, loadSandbox } from "../providers/registry.ts";
import type { ProviderConfig } from "./config.ts";

export interface RunningSandbox {
  readonly kind: string;
  readonly server: SandboxServer;
}

export interface SandboxFleetOptions {
  readonly speed: number;
  readonly seed: number;
}

/** Starts the sandbox of every vendor on loopback ports the system chooses. */
export async function startSandboxes({ speed, seed }: SandboxFleetOptions): Promise<readonly RunningSandbox[]> {
  const kinds = [...(await loadProviderModules()).keys()];
  return Promise.all(
    kinds.map(async (kind) => {
      const { startSandbox } = await loadSandbox(kind);
      return { kind, server: await startSandbox({ host: "127.0.0.1", port: 0, speed, seed }) };
    }),
  );
}

/** Runs last seconds here, so they are looked at more often than a real vendor's. */
const SANDBOX_POLL = { fastMs: 400, slowMs: 2_000, discoverMs: 5_000 } as const;

/** A little below what every sandbox allows, which is more than the vendors do. */
const SANDBOX_RATE_LIMIT = { requests: 100, perMs: 12_000 } as const;

/** @param takenKeys keys of configured providers, which a sandbox must not take */
export function sandboxConfig({ kind, server }: RunningSandbox, takenKeys: ReadonlySet<string>): ProviderConfig {
  return {
    key: takenKeys.has(kind) ? `${kind}-sandbox` : kind,
    kind,
    baseUrl: server.url,
    credentials: server.credentials,
    webhookSecrets: [],
    options: {},
    allowPrivateAddress: true,
    poll: SANDBOX_POLL,
    rateLimit: SANDBOX_RATE_LIMIT,
  };
}
