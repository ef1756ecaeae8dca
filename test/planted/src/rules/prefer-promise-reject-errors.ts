// Planted: a rejection that is no error.
export const planted = (): Promise<never> => Promise.reject("text");
