// Leases: who works on something that others may work on too, so that they leave it alone.

/** Who works on something, and until when unless it is renewed. */
export interface Lease {
  readonly owner: string;
  readonly until: Date;
}

/** A lease in the hands of one process. */
export interface HeldLease {
  /** Of what is leased: a run, a trigger. */
  readonly id: string;
  /** Rises when somebody else takes it; what is written under an older number is refused. */
  readonly fence: number;
}
