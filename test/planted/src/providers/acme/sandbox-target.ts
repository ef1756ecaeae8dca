// Something to import. Breaks no rule: a sandbox may be several files.
export const target = "sandbox";
