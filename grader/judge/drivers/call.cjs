// Calls a submission's function and writes what it returned as plain data: `driver.cjs SOLUTION`.
//
// It knows the arguments and nothing of what is expected; whatever a submission does to it, it can only change
// the value it is judged by.
"use strict";
const { readFileSync, unlinkSync, writeFileSync } = require("fs");
const { resolve } = require("path");
const { pathToFileURL } = require("url");

const DEEPEST = 64;
// Absolute: the submission may go to another folder.
const RESULT = "/work/result.json";
const NON_FINITE = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** An argument from JSON, of the declared type. */
function revive(value, word) {
  if (value === null) return null;
  switch (word.name) {
    case "float":
      return typeof value === "object" ? NON_FINITE[value.$float] : value;
    case "list":
      return value.map((item) => revive(item, word.items[0]));
    case "tuple":
      return value.map((item, index) => revive(item, word.items[index]));
    case "dict":
      return new Map(Object.entries(value).map(([key, item]) => [key, revive(item, word.items[0])]));
    case "ndarray":
      return Array.isArray(value) ? value.map((item) => revive(item, word)) : revive(value, { name: "float" });
    default:
      return value;
  }
}

/** JSON text of a result; what JavaScript has one type for is told apart by the declared one. */
function plain(value, word, depth = 0) {
  if (depth > DEEPEST) return '{"$foreign":"too large"}';
  if (value === null || value === undefined) return "null";
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "bigint":
      return String(value);
    case "string":
      return JSON.stringify(value);
    case "number":
      if (Number.isNaN(value)) return '{"$float":"nan"}';
      if (!Number.isFinite(value)) return value > 0 ? '{"$float":"inf"}' : '{"$float":"-inf"}';
      return Object.is(value, -0) && word.name !== "int" ? "-0.0" : String(value);
    case "object":
      return structure(value, word, depth);
    default:
      return '{"$foreign":"other"}';
  }
}

function structure(value, word, depth) {
  const inner = (index) => (word.name === "ndarray" ? word : word.items?.[word.name === "tuple" ? index : 0] ?? { name: "" });
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    const items = Array.from(value, (item, index) => plain(item, inner(index), depth + 1)).join(",");
    return word.name === "tuple" ? `{"$tuple":[${items}]}` : `[${items}]`;
  }
  const prototype = Object.getPrototypeOf(value);
  const isMap = value instanceof Map;
  if (!isMap && prototype !== Object.prototype && prototype !== null) return '{"$foreign":"other"}';
  const pairs = isMap ? [...value] : Object.entries(value);
  const texts = pairs.map(([key, item]) => `[${plain(key, { name: "str" }, depth + 1)},${plain(item, inner(0), depth + 1)}]`);
  return `{"$dict":[${texts.join(",")}]}`;
}

async function main() {
  const call = JSON.parse(readFileSync("call.json", "utf8"));
  unlinkSync("call.json");
  const args = call.args.map((value, index) => revive(value, call.types[index]));
  const file = resolve(process.argv[2]);
  if (file.endsWith(".mjs")) await import(pathToFileURL(file));
  else require(file);
  const solve = globalThis.touchstoneFunction;
  if (typeof solve !== "function") {
    console.error("The source defines no function of that name.");
    writeFileSync(RESULT, '{"value":null,"missing":true}');
    return;
  }
  const text = plain(await solve(...args), call.returns);
  writeFileSync(RESULT, `{"value":${text}}`);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
