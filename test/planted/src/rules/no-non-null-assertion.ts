// Planted: a claim nobody checks.
export const planted = (value: string | null): number => value!.length;
