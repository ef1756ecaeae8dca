// Something to import. Breaks no rule.
export const target = "server";
