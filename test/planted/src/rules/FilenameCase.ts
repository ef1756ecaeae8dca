// Planted: a file name that is not kebab-case.
export const planted = 1;
