// Calls a submission's function and writes what it returned as plain data: `driver.cjs SOLUTION`.
//
// It knows the arguments and nothing of what is expected; whatever a submission does to it, it can only change
// the value it is judged by.
"use strict";
const { openSync, readFileSync, renameSync, unlinkSync, writeFileSync } = require("fs");
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

/** Writes a file piece by piece: a large result as one text would need its size several times. */
class Writer {
  constructor(name) {
    this.file = openSync(name, "w");
    this.text = "";
  }

  put(text) {
    this.text += text;
    if (this.text.length > 65536) this.flush();
  }

  flush() {
    writeFileSync(this.file, this.text);
    this.text = "";
  }
}

/** Writes a result as JSON; what JavaScript has one type for is told apart by the declared one. */
function write(out, value, word, depth = 0) {
  if (depth <= DEEPEST && typeof value === "object" && value !== null) structure(out, value, word, depth);
  else out.put(depth > DEEPEST ? '{"$foreign":"too large"}' : plain(value, word));
}

/** JSON text of a value without parts. */
function plain(value, word) {
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
    default:
      return '{"$foreign":"other"}';
  }
}

function structure(out, value, word, depth) {
  const inner = (index) => (word.name === "ndarray" ? word : word.items?.[word.name === "tuple" ? index : 0] ?? { name: "" });
  let count = 0;
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) {
    out.put(word.name === "tuple" ? '{"$tuple":[' : "[");
    for (const item of value) {
      if (count) out.put(",");
      write(out, item, inner(count++), depth + 1);
    }
    return out.put(word.name === "tuple" ? "]}" : "]");
  }
  const prototype = Object.getPrototypeOf(value);
  const isMap = value instanceof Map;
  if (!isMap && prototype !== Object.prototype && prototype !== null) return out.put('{"$foreign":"other"}');
  out.put('{"$dict":[');
  for (const [key, item] of isMap ? value : Object.entries(value)) {
    out.put(count++ ? ",[" : "[");
    write(out, key, { name: "str" }, depth + 1);
    out.put(",");
    write(out, item, inner(0), depth + 1);
    out.put("]");
  }
  out.put("]}");
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
  const result = await solve(...args);
  // A result counts once it is whole.
  const part = `${RESULT}.part`;
  const out = new Writer(part);
  out.put('{"value":');
  write(out, result, call.returns);
  out.put("}");
  out.flush();
  renameSync(part, RESULT);
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
