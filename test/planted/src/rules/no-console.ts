// Planted: the console in shipped code.
console.log("text");
export const planted = 1;
