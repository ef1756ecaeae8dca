// Planted: a suppression without its reason.
// @ts-ignore
export const planted: number = "text";
