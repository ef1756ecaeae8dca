// Planted: a failure swallowed without a word.
export const planted = (work: () => void): void => {
  try {
    work();
  } catch {}
};
