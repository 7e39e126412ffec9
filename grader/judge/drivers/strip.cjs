// Takes the types out of a TypeScript file, unchecked: `strip.cjs SOURCE TARGET`.
"use strict";
const { mkdirSync, readFileSync, writeFileSync } = require("fs");
const { dirname } = require("path");
const { stripTypeScriptTypes } = require("module");

const [source, target] = process.argv.slice(2);
try {
  const options = { mode: "transform", sourceMap: true, sourceUrl: source };
  const text = stripTypeScriptTypes(readFileSync(source, "utf8"), options);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
} catch (error) {
  console.error(`${source}: ${error.message}\n${error.stack.split("\n    at ")[0]}`);
  process.exit(1);
}
