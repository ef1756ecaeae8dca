// Planted: text that becomes a function.
export const planted = (text: string): Function => new Function(text);
