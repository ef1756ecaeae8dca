// Planted: let for what never changes.
let planted = 1;
export { planted };
