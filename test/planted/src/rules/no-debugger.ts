// Planted: a breakpoint left behind.
debugger;
export const planted = 1;
