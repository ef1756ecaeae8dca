// Planted: loose equality.
export const planted = (value: string | null | undefined): boolean => value == null;
