/**
 * The editors: CodeMirror, in a shadow tree each, where its styles need no exception from the page's security policy.
 */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import {
  HighlightStyle,
  bracketMatching,
  codeFolding,
  foldEffect,
  foldGutter,
  foldKeymap,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, RangeSetBuilder } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  ViewPlugin,
  drawSelection,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** A line of more letters is folded behind so many, and a text of more lines behind its first. */
const WIDE = 160;
const SHOWN = 100;
const TALL = 5;

const highlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--key)" },
    { tag: [tags.string, tags.content, tags.attributeValue], color: "var(--string)" },
    { tag: [tags.comment, tags.lineComment], color: "var(--comment)", fontStyle: "italic" },
    { tag: [tags.meta, tags.keyword, tags.separator], color: "var(--meta)" },
    { tag: tags.invalid, color: "var(--bad)" },
  ]),
);

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--paper)", fontSize: "13px", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", overflow: "auto" },
  ".cm-gutters": { backgroundColor: "var(--ground)", color: "var(--dim)", borderRight: "1px solid var(--line)" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-activeLine": { backgroundColor: "var(--active)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--selection)" },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--ground)",
    border: "1px solid var(--line)",
    color: "var(--dim)",
    padding: "0 4px",
  },
  ".cm-tooltip": { backgroundColor: "var(--paper)", border: "1px solid var(--line)", maxWidth: "min(40em, 90vw)" },
  ".cm-panels": { backgroundColor: "var(--ground)", color: "var(--text)" },
  ".cm-diagnostic": { whiteSpace: "pre-wrap" },
  ".cm-diagnostic a": { color: "var(--link)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad) 1.5px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warn) 1.5px" },
  ".cm-lintRange-info": { backgroundImage: "none", textDecoration: "underline dotted var(--dim) 1.5px" },
  ".cm-added": { backgroundColor: "var(--added)" },
  ".cm-removed": { backgroundColor: "var(--removed)" },
  ".cm-hunk": { color: "var(--meta)" },
});

/**
 * @param {HTMLElement} place
 * @param {import("@codemirror/state").Extension[]} extensions
 * @param {string} label the id of what names it
 */
function view(place, extensions, label) {
  const root = place.attachShadow({ mode: "open" });
  const parent = document.createElement("div");
  parent.style.height = "100%";
  root.append(parent);
  // A name outside of the shadow tree cannot be referred to from inside.
  const name = document.getElementById(label)?.textContent ?? label;
  return new EditorView({
    parent,
    root,
    state: EditorState.create({
      extensions: [
        highlighting,
        theme,
        lineNumbers(),
        highlightSpecialChars(),
        drawSelection(),
        bracketMatching(),
        highlightSelectionMatches(),
        foldGutter(),
        EditorView.contentAttributes.of({ "aria-label": name }),
        extensions,
      ],
    }),
  });
}

/**
 * A letter that is typed over a selection. A browser would keep the colours of what was there by a style of its own,
 * which the page's security policy refuses, and says so on the console.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== "insertText" || event.isComposing || !event.data) return false;
    if (view.state.selection.ranges.every((range) => range.empty)) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

/**
 * An editor for YAML. Tab leaves it, as it leaves every other part of the page.
 * @param {HTMLElement} place
 * @param {string} label
 * @param {() => void} changed
 */
export function editor(place, label, changed) {
  return view(
    place,
    [
      yaml(),
      history(),
      indentOnInput(),
      typedOver,
      highlightActiveLine(),
      lintGutter(),
      keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed();
      }),
    ],
    label,
  );
}

/**
 * A text to read, with its long parts folded.
 * @param {HTMLElement} place
 * @param {string} label
 * @param {"yaml" | "diff"} kind
 */
export function reader(place, label, kind) {
  return view(
    place,
    [
      kind === "yaml" ? yaml() : changedLines,
      codeFolding({
        preparePlaceholder: (state, range) => {
          const [first, last] = [state.doc.lineAt(range.from).number, state.doc.lineAt(range.to).number];
          return last > first ? `${last - first} more lines` : `${range.to - range.from} more letters`;
        },
        placeholderDOM: (_, unfold, text) => {
          const button = document.createElement("button");
          button.className = "cm-foldPlaceholder";
          button.type = "button";
          button.textContent = `… ${text}`;
          button.onclick = unfold;
          return button;
        },
      }),
      EditorState.readOnly.of(true),
      keymap.of([...defaultKeymap, ...searchKeymap, ...foldKeymap]),
    ],
    label,
  );
}

/** The lines of a diff. */
const changedLines = ViewPlugin.fromClass(
  class {
    /** @param {EditorView} view */
    constructor(view) {
      this.decorations = lineColours(view);
    }
    /** @param {import("@codemirror/view").ViewUpdate} update */
    update(update) {
      if (update.docChanged || update.viewportChanged) this.decorations = lineColours(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

/** @param {EditorView} view */
function lineColours(view) {
  const kinds = /** @type {Record<string, Decoration>} */ ({
    "+": Decoration.line({ class: "cm-added" }),
    "-": Decoration.line({ class: "cm-removed" }),
    "@": Decoration.line({ class: "cm-hunk" }),
  });
  /** @type {RangeSetBuilder<Decoration>} */
  const builder = new RangeSetBuilder();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to;) {
      const line = view.state.doc.lineAt(at);
      const kind = /^(--- |\+\+\+ )/.test(line.text) && line.number < 3 ? kinds["@"] : kinds[line.text[0]];
      if (kind) builder.add(line.from, line.from, kind);
      at = line.to + 1;
    }
  }
  return builder.finish();
}

/**
 * Replaces all of a text.
 * @param {EditorView} view
 * @param {string} text
 */
export function setText(view, text) {
  if (view.state.doc.length === text.length && view.state.doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

/**
 * Replaces all of a text to read, folds what is long in it, packed scripts above all, and shows it from a line on.
 * @param {EditorView} view
 * @param {string} text
 * @param {"yaml" | "diff"} kind
 * @param {number} number
 */
export function setRead(view, text, kind, number = 1) {
  const isOther = view.state.doc.toString() !== text;
  setText(view, text);
  const { doc } = view.state;
  const effects = long(doc, kind).map((range) => foldEffect.of(range));
  if (effects.length) view.dispatch({ effects });
  if (!isOther) return;
  const line = doc.line(Math.min(Math.max(number, 1), doc.lines));
  view.dispatch({ effects: EditorView.scrollIntoView(line.from, { y: "start" }) });
}

/**
 * The parts that are folded: the ends of wide lines, and tall texts.
 * @param {import("@codemirror/state").Text} doc
 * @param {"yaml" | "diff"} kind
 */
function long(doc, kind) {
  /** @type {{from: number, to: number}[]} */
  const ranges = [];
  /** A block scalar that began: how far its key is indented, and the end of its first line. */
  let block = /** @type {{indent: number, number: number} | undefined} */ (undefined);
  const close = (/** @type {number} */ last) => {
    if (block && last - block.number > TALL) {
      const first = doc.line(block.number + 1);
      ranges.push({ from: first.to, to: doc.line(last).to });
    }
    block = undefined;
  };
  for (let number = 1; number <= doc.lines; number++) {
    const { from, to, text: line } = doc.line(number);
    // the first column of a diff says what became of the line
    const text = kind === "diff" ? ` ${line.slice(1)}` : line;
    const indent = text.search(/\S/);
    if (block && indent >= 0 && indent <= block.indent) close(number - 1);
    if (!block && /[:-] [|>][-+0-9]*$/.test(text)) block = { indent, number };
    if (!block && to - from > WIDE) ranges.push({ from: from + SHOWN, to });
  }
  close(doc.lines);
  return ranges;
}

/**
 * @typedef {{line: number, severity: "error" | "warning" | "info", text: string, badge?: string, rule?: string,
 *   why?: string, fix?: string, link?: string}} Mark
 */

/**
 * Underlines lines.
 * @param {EditorView} view
 * @param {Mark[]} marks
 */
export function setMarks(view, marks) {
  const { doc } = view.state;
  const diagnostics = marks.map((mark) => {
    const line = doc.line(Math.min(Math.max(mark.line, 1), doc.lines));
    const begin = line.text.search(/\S/);
    const end = line.text.replace(/\s+(#.*)?$/, "").length;
    const [from, to] = begin < 0 ? [line.from, line.to] : [line.from + begin, line.from + Math.max(end, begin + 1)];
    return {
      from,
      to,
      severity: mark.severity,
      source: mark.rule,
      message: [mark.text, mark.why && `why: ${mark.why}`, mark.fix && `fix: ${mark.fix}`].filter(Boolean).join("\n"),
      renderMessage: () => explained(mark),
    };
  });
  diagnostics.sort((a, b) => a.from - b.from);
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

/**
 * A text in which what would turn the direction of the rest is seen instead: the controls of the Unicode Bidirectional
 * Algorithm, which a name may have.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (letter) => {
    return `\\u{${letter.charCodeAt(0).toString(16)}}`;
  });
}

/**
 * A problem with what it is, why, what to write, and where to read on.
 * @param {Mark} mark
 */
export function explained(mark) {
  const whole = document.createElement("div");
  const add = (/** @type {string} */ name, /** @type {string | undefined} */ text) => {
    if (!text) return;
    const line = document.createElement("div");
    if (name) {
      const label = document.createElement("b");
      label.textContent = name;
      line.append(label, " ");
    }
    line.append(visible(text));
    whole.append(line);
  };
  add("", mark.text);
  add("Why:", mark.why);
  add("Fix:", mark.fix);
  if (mark.link && mark.rule) {
    const link = document.createElement("a");
    link.href = mark.link;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    link.textContent = `The rule ${mark.rule}`;
    whole.append(link);
  }
  return whole;
}

/**
 * Leads to a line.
 * @param {EditorView} view
 * @param {number} number
 */
export function goTo(view, number) {
  const line = view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines));
  view.dispatch({
    selection: { anchor: line.from + Math.max(line.text.search(/\S/), 0) },
    effects: EditorView.scrollIntoView(line.from, { y: "center" }),
  });
  view.focus();
}
