// What gateways ask of the store about time itself: whether it went back.

export interface TimekeepingStore {
  /**
   * Notes that it is that time. Where a gateway has noted a time that is still ahead, by more than gateways' clocks ever differ, the clock was
   * set back in between: whatever is stored with times that have not come yet is put right, once, whoever says so first. Leases end after
   * the length that they are given; what was due is due now; what was seen was seen as long ago as it seems by what is known, and runs
   * begun elsewhere are looked for over a day again.
   *
   * @param aheadMs what lies ahead by more than this many milliseconds is put right in any case: others may have written it since. Null:
   * nothing
   * @returns by how many milliseconds it was put right; null when there was nothing to do
   */
  tell(now: Date, aheadMs?: number | null): Promise<number | null>;
}
