// Planted: a default export.
export default 1;
