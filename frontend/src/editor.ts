/** The code editor over a textarea: without this module the textarea itself serves. */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab, toggleTabFocusMode } from "@codemirror/commands";
import {
  HighlightStyle,
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { indentOf, modeOf } from "./modes";

export interface EditorOptions {
  nonce: string;
  label: string;
  language: string;
  readOnly: boolean;
  onChange(): void;
  onRun(): void;
  onSubmit(): void;
}

/** The colours are custom properties of the page, so one highlight style serves both themes. */
const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.comment, tags.docComment], color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)], color: "var(--code-definition)" },
  { tag: [tags.function(tags.variableName), tags.className, tags.typeName], color: "var(--code-call)" },
  { tag: [tags.meta, tags.self], color: "var(--code-meta)" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--editor)", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", fontSize: "13.5px" },
  ".cm-content": { caretColor: "var(--ink)", padding: "10px 0" },
  ".cm-gutters": { backgroundColor: "var(--editor)", color: "var(--muted)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 14px", minWidth: "34px" },
  ".cm-activeLine": { backgroundColor: "var(--editor-line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--editor-line)", color: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection": {
    backgroundColor: "var(--selection) !important",
  },
  ".cm-selectionMatch, .cm-matchingBracket": { backgroundColor: "var(--match) !important" },
  ".cm-panels": { backgroundColor: "var(--surface-2)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
});

export interface Editor {
  focus(): void;
  /** Shows another text in another language; undo does not lead back to the one before. */
  open(language: string, source: string): void;
  /** Replaces the whole text, as one step that undo takes back. */
  replace(source: string): void;
}

/** Puts the editor in place of `textarea`, which keeps the text for the form. */
export function mountEditor(textarea: HTMLTextAreaElement, options: EditorOptions): Editor {
  const mode = new Compartment();
  const save = keymap.of([
    { key: "Mod-Enter", run: () => (options.onRun(), true), preventDefault: true },
    { key: "Shift-Mod-Enter", run: () => (options.onSubmit(), true), preventDefault: true },
    { key: "Ctrl-m", mac: "Shift-Alt-m", run: toggleTabFocusMode },
  ]);
  const extensions: Extension[] = [
    // Without the nonce the strict policy drops the editor's styles, and typed spaces become U+00A0.
    options.nonce ? EditorView.cspNonce.of(options.nonce) : [],
    save,
    lineNumbers(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    history(),
    foldGutter(),
    drawSelection(),
    EditorState.tabSize.of(4),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      indentWithTab,
    ]),
    syntaxHighlighting(highlight),
    theme,
    EditorState.readOnly.of(options.readOnly),
    EditorView.contentAttributes.of({ "aria-label": options.label, tabindex: "0" }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      textarea.value = update.state.doc.toString();
      options.onChange();
    }),
  ];
  const state = (language: string, doc: string) =>
    EditorState.create({ doc, extensions: [...extensions, indentUnit.of(indentOf(language)), mode.of([])] });
  const view = new EditorView({
    state: state(options.language, textarea.value),
    parent: textarea.parentElement ?? document.body,
  });
  textarea.hidden = true;
  let shown = options.language;
  const colour = async (language: string): Promise<void> => {
    const extension = await modeOf(language);
    if (language === shown) view.dispatch({ effects: mode.reconfigure(extension) });
  };
  void colour(shown);
  return {
    focus: () => view.focus(),
    open(language, source) {
      shown = language;
      textarea.value = source;
      view.setState(state(language, source));
      void colour(language);
    },
    replace(source) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: source } });
    },
  };
}
