// Planted: any.
export const planted: any[] = [];
