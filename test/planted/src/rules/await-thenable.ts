// Planted: waiting for what is no promise.
export const planted = async (value: number): Promise<number> => await value;
