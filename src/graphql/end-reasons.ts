// Why an operation ends before it is answered whole: the reasons of a context's signal.

/** An answer has taken as long as it may. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`no answer within ${afterMs} ms`);
    this.afterMs = afterMs;
  }
}

/** The client went away, or completed the operation. */
export class ClientGoneError extends Error {
  override readonly name = "ClientGoneError";
  /** Whether the operation changes something: that is wanted all the same. */
  readonly isChanging: () => boolean;

  constructor(isChanging: () => boolean) {
    super("the client has gone");
    this.isChanging = isChanging;
  }
}
