// Planted: only the registry loads modules by name.
export const planted = import("../domain/target.ts");
