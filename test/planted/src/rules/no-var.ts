// Planted: var.
var planted = 1;
export { planted };
