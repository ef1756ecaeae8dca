// Planted: a suppression that is no longer needed.
// oxlint-disable-next-line no-console -- nothing here writes
export const planted = 1;
