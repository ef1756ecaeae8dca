// Planted: something thrown that is no error.
export const planted = (): never => {
  throw "text";
};
