/** What the editor knows of each language: one file each, fetched when an answer in it is opened. */

import type { Extension } from "@codemirror/state";

const LOADERS: Record<string, () => Promise<Extension>> = {
  python: async () => (await import("@codemirror/lang-python")).python(),
  c: async () => (await import("@codemirror/lang-cpp")).cpp(),
  cpp: async () => (await import("@codemirror/lang-cpp")).cpp(),
  java: async () => (await import("@codemirror/lang-java")).java(),
  javascript: async () => (await import("@codemirror/lang-javascript")).javascript(),
  typescript: async () => (await import("@codemirror/lang-javascript")).javascript({ typescript: true }),
  go: async () => (await import("@codemirror/lang-go")).go(),
  rust: async () => (await import("@codemirror/lang-rust")).rust(),
  bash: async () => {
    const [{ StreamLanguage }, { shell }] = await Promise.all([
      import("@codemirror/language"),
      import("@codemirror/legacy-modes/mode/shell"),
    ]);
    return StreamLanguage.define(shell);
  },
  sql: async () => {
    const { SQLite, sql } = await import("@codemirror/lang-sql");
    return sql({ dialect: SQLite });
  },
};

/** Colours, brackets and indentation of a language; nothing for one that is not known. */
export function modeOf(language: string): Promise<Extension> {
  return LOADERS[language]?.() ?? Promise.resolve([]);
}

/** What one step of indentation is. */
export function indentOf(language: string): string {
  return language === "go" ? "\t" : "    ";
}
