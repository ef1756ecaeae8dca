// What `providers/<vendor>/sandbox.ts` offers: the vendor's API as a real HTTP server on a loopback address.

export interface SandboxOptions {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  /** How much faster than life runs go; 1 shows a run through all its statuses in 5 to 20 seconds. */
  readonly speed: number;
  /** Makes ids and the fates of runs repeatable. */
  readonly seed: number;
}

export interface SandboxServer {
  readonly url: string;
  /** Credentials it accepts, in the shape of a provider's `credentials` setting. */
  readonly credentials: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Shape of the module `providers/<vendor>/sandbox.ts`. */
export interface SandboxModule {
  startSandbox(options: SandboxOptions): Promise<SandboxServer>;
}
