// Planted: a catch that only throws again.
export const planted = (work: () => void): void => {
  try {
    work();
  } catch (error) {
    throw error;
  }
};
