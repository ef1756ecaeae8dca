// Planted: an assertion that changes nothing.
export const planted = (value: string): string => value as string;
