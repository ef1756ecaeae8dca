// A door that a test opens when it likes, for work that must be caught in the middle.

export interface Gate {
  /** Resolves once the door is open. */
  readonly opened: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
