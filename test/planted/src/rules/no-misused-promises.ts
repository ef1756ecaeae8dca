// Planted: an async listener where a plain one is expected.
export const planted = (items: readonly string[], work: (item: string) => Promise<void>): void => {
  items.forEach(async (item) => {
    await work(item);
  });
};
