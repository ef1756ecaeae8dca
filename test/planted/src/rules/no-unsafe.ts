// Planted: a value of unknown shape travels as any.
export const planted = (text: string): string => {
  const value = JSON.parse(text);
  value.call();
  takes(value);
  return value;
};

const takes = (value: string): string => value;
