// Planted: the environment read outside the configuration.
export const planted = process.env["HOME"];
