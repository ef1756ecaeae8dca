// Planted: work left open in a comment.
// TODO finish
export const planted = 1;
