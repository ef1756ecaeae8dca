// Planted: a case is missing and nothing says so.
export const planted = (kind: "one" | "two"): void => {
  switch (kind) {
    case "one":
      break;
  }
};
