// Planted: text that becomes code.
export const planted = (text: string): void => {
  eval(text);
};
