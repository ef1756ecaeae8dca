// Planted: the machine's clock, three ways; converting a value is none of them.
export const planted = [Date.now(), new Date(), Date(), new Date(0)];
