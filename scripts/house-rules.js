// Lint rules that no stock rule expresses, as a plugin of the linter. What they are for is said in .oxlintrc.json.

/** `import()` makes an edge that layer rules and cycle detection cannot see. */
const noDynamicImport = {
  create: (context) => ({
    ImportExpression(node) {
      context.report({ node, message: "Dynamic import() is for src/providers/registry.ts alone." });
    },
  }),
};

/** `Date.now()`, `new Date()` and `Date()` read the machine's clock; `new Date(value)` converts and is fine. */
const noSystemTime = {
  create: (context) => {
    const report = (node) => context.report({ node, message: "Time comes from the Clock port (src/domain/clock.ts)." });
    const isDate = (node) => node.type === "Identifier" && node.name === "Date";
    return {
      MemberExpression(node) {
        if (isDate(node.object) && node.property.type === "Identifier" && node.property.name === "now") report(node);
      },
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments.length === 0) report(node);
      },
      CallExpression(node) {
        if (isDate(node.callee)) report(node);
      },
    };
  },
};

/** `value as unknown as Thing` makes anything of anything. */
const noCastThroughUnknown = {
  create: (context) => ({
    TSAsExpression(node) {
      const inner = node.expression;
      if (inner.type === "TSAsExpression" && inner.typeAnnotation.type === "TSUnknownKeyword") {
        context.report({
          node,
          message: "No cast through unknown: parse the value, or name the type where it is made.",
        });
      }
    },
  }),
};

/**
 * zod's own lists and records judge every entry, so that a list of a million wrong ones becomes a million problems; its own texts keep line
 * ends and say nothing about ids.
 */
const noPlainSchema = {
  create: (context) => ({
    CallExpression({ callee }) {
      if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier" || callee.object.name !== "z")
        return;
      if (callee.property.type !== "Identifier" || !PLAIN_SCHEMAS.has(callee.property.name)) return;
      const message = "What vendors send is read with the fields of src/wire/loose-fields.ts and list-fields.ts.";
      context.report({ node: callee, message });
    },
  }),
};

const PLAIN_SCHEMAS = new Set(["array", "record", "json", "map", "set", "string", "tuple"]);

export default {
  meta: { name: "house" },
  rules: {
    "no-dynamic-import": noDynamicImport,
    "no-system-time": noSystemTime,
    "no-cast-through-unknown": noCastThroughUnknown,
    "no-plain-schema": noPlainSchema,
  },
};
