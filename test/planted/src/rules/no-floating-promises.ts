// Planted: a promise nobody waits for.
export const planted = (work: () => Promise<void>): void => {
  work();
};
