/** The page: what is given on one side, what comes of it on the other. */
import examples from "#examples";
import { editor, explained, goTo, reader, setMarks, setRead, setText, visible } from "./editor.js";
import { Judge } from "./judge.js";
import { label, marks, summary } from "./report.js";
import { LONGEST, exampleHash, pack, unpack } from "./share.js";
import { tabs } from "./tabs.js";

/** So long nobody must have typed before the policy is asked, in milliseconds. */
const PAUSE = 150;

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

const select = /** @type {HTMLSelectElement} */ (element("examples"));
const inject = /** @type {HTMLInputElement} */ (element("inject"));
const settingsPart = /** @type {HTMLDetailsElement} */ (element("settings-part"));
const rules = /** @type {HTMLAnchorElement} */ (element("rules"));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** What is put there by the page itself is judged at once. */
let isOurs = false;

const changed = () => {
  if (!isOurs) later();
};
const manifests = editor(element("manifests"), "manifests-label", changed);
const settings = editor(element("settings"), "settings-label", changed);
const yaml = reader(element("yaml"), "YAML as it would be admitted", "yaml");
const diff = reader(element("diff"), "What changes", "diff");
const judge = new Judge(new URL(__WORKER__, import.meta.url).href);
/** What the readers show when they are seen. */
const NOTHING = { yaml: "", diff: "", change: 1 };
let shown = NOTHING;

const selectTab = tabs(element("tab-picture").parentElement ?? document.body, read);

/** @returns {import("./judge.js").State} */
function state() {
  return { manifests: manifests.state.doc.toString(), settings: settings.state.doc.toString(), inject: inject.checked };
}

/** A screen on which the picture has to be narrow; as the style sheet has it. */
const narrow = matchMedia("(max-width: 600px)");

function later() {
  clearTimeout(timer);
  timer = setTimeout(now, PAUSE);
}

async function now() {
  clearTimeout(timer);
  const asked = state();
  const begin = performance.now();
  performance.mark("asked");
  document.body.dataset.state = "busy";
  try {
    const answer = await judge.ask({ ...asked, narrow: narrow.matches });
    show(answer);
  } catch (error) {
    // what was there before is no answer to this
    clear(error instanceof Error ? error.message : String(error));
  }
  document.body.dataset.milliseconds = String(performance.now() - begin);
  await address(asked);
  document.body.dataset.state = "done";
}

/**
 * Says why there is nothing to show.
 * @param {string} why
 */
function clear(why) {
  element("summary").textContent = why;
  document.body.dataset.verdict = "bad";
  element("settings-error").hidden = true;
  setMarks(settings, []);
  setMarks(manifests, []);
  problems([]);
  changes([]);
  picture({ picture: "", words: [] });
  toRead(NOTHING);
}

/** @param {import("./judge.js").Answer} answer */
function show(answer) {
  if (answer.report === undefined) {
    const said = answer.settingsError ?? "";
    clear("The policy refuses the settings, so it was asked nothing.");
    settingsPart.open = true;
    element("settings-error").hidden = false;
    element("settings-error").textContent = said;
    const line = lineOf(said);
    if (line !== undefined) setMarks(settings, [{ line, severity: "error", text: said }]);
    return;
  }
  element("settings-error").hidden = true;
  setMarks(settings, []);
  /** @type {import("./report.js").Report} */
  const report = JSON.parse(answer.report);
  const found = marks(report);
  setMarks(manifests, found);
  element("summary").textContent = summary(report);
  document.body.dataset.verdict = ["good", "bad", "bad"][report.exitCode] ?? "bad";
  problems(found);
  changes(report.objects);
  picture(answer);
  toRead({ yaml: answer.manifests, diff: report.diff ?? "", change: firstChange(report) });
}

/** @param {typeof shown} texts */
function toRead(texts) {
  shown = texts;
  /** @type {HTMLButtonElement} */ (element("copy-yaml")).disabled = texts.yaml === "";
  read();
}

/** Fills the readers that are seen. */
function read() {
  if (!element("view-yaml").hidden) setRead(yaml, shown.yaml, "yaml", shown.change);
  if (!element("view-diff").hidden) setRead(diff, shown.diff, "diff");
}

/**
 * The line of the result at which the first change is. What is refused is not in the result, so it may be earlier.
 * @param {import("./report.js").Report} report
 */
function firstChange(report) {
  return Number(report.diff?.match(/^@@ -\d+(?:,\d+)? \+(\d+)/m)?.[1] ?? 1);
}

/** @param {string} message such as `settings.yaml:3:1: ...`; not each has a line */
function lineOf(message) {
  const line = message.match(/^[^:]+:(\d+):/)?.[1];
  return line === undefined ? undefined : Number(line);
}

/** So many are listed; there are never more where a person wrote the manifests. */
const LISTED = 100;

/** @param {import("./editor.js").Mark[]} found */
function problems(found) {
  const list = element("problems");
  list.hidden = found.length === 0;
  list.replaceChildren(
    ...found.slice(0, LISTED).map((mark) => {
      const item = document.createElement("li");
      item.className = mark.severity;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `Line ${mark.line}`;
      button.onclick = () => goTo(manifests, mark.line);
      const kind = mark.rule ?? { error: "refused", warning: "warning", info: "note" }[mark.severity];
      const badge = document.createElement("span");
      badge.className = "badge";
      badge.textContent = mark.badge ?? kind;
      item.append(button, " ", badge, explained(mark));
      return item;
    }),
  );
  if (found.length > LISTED) {
    const more = document.createElement("li");
    more.textContent = `and ${found.length - LISTED} more, which are underlined`;
    list.append(more);
  }
}

/** @param {import("./report.js").ObjectOutcome[]} objects */
function changes(objects) {
  const items = objects.flatMap((object) =>
    (object.changes ?? []).flatMap(({ what, added, removed }) =>
      [added && `${what}: ${added.join(", ")}`, removed && `${what} taken away: ${removed.join(", ")}`]
        .filter((text) => text !== undefined)
        .map((text) => `${label(object)}: ${text}`),
    ),
  );
  element("changes").replaceChildren(
    ...items.slice(0, LISTED).map((text) => {
      const item = document.createElement("li");
      item.textContent = visible(text);
      return item;
    }),
  );
}

/** @param {Pick<import("./judge.js").Answer, "picture" | "words">} answer */
function picture(answer) {
  const place = element("picture");
  const parsed = answer.picture && new DOMParser().parseFromString(answer.picture, "image/svg+xml").documentElement;
  place.replaceChildren(...(parsed ? [document.importNode(parsed, true)] : []));
  element("picture-text").replaceChildren(
    ...(answer.words ?? []).map((text) => {
      const item = document.createElement("li");
      item.textContent = visible(text);
      return item;
    }),
  );
}

/**
 * The example that a state is, if it is one.
 * @param {import("./judge.js").State} given
 */
function exampleOf(given) {
  return examples.find((one) => one.manifests === given.manifests && one.settings === given.settings && !given.inject);
}

/**
 * The part of the address that holds a state; `undefined` where it would be too long.
 * @param {import("./judge.js").State} given
 */
async function hashOf(given) {
  const example = exampleOf(given);
  const hash = example ? exampleHash(example.name) : await pack(given);
  return hash.length > LONGEST ? undefined : `#${hash}`;
}

/** @param {import("./judge.js").State} asked */
async function address(asked) {
  const hash = await hashOf(asked);
  // An answer to what is on the page no more says nothing of its address.
  const there = state();
  if (asked.manifests !== there.manifests || asked.settings !== there.settings || asked.inject !== there.inject) return;
  select.value = exampleOf(asked)?.name ?? "";
  element("too-long").hidden = hash !== undefined;
  /** @type {HTMLButtonElement} */ (element("share")).disabled = hash === undefined;
  history.replaceState(null, "", hash ?? location.pathname + location.search);
}

/** What is on the page at this moment as an address; it may be newer than the last answer. */
async function link() {
  const asked = state();
  const hash = await hashOf(asked);
  await address(asked);
  if (hash === undefined) throw new Error("it is too long");
  return new URL(hash, location.href).href;
}

/** @param {import("./judge.js").State} given */
function put(given) {
  isOurs = true;
  setText(manifests, given.manifests);
  setText(settings, given.settings);
  isOurs = false;
  inject.checked = given.inject;
  settingsPart.open = given.settings !== "";
  manifests.scrollDOM.scrollTop = 0;
  return now();
}

/** @param {string} name */
function putExample(name) {
  const example = examples.find((one) => one.name === name) ?? examples[0];
  return put({ manifests: example.manifests, settings: example.settings, inject: false });
}

async function fromAddress() {
  try {
    const said = await unpack(location.hash);
    if (typeof said === "object") await put(said);
    else await putExample(said ?? examples[0].name);
    if (typeof said === "string" && !examples.some((one) => one.name === said)) {
      element("summary").textContent = `There is no example “${visible(said)}”. This is another one.`;
    }
  } catch {
    await putExample(examples[0].name);
    element("summary").textContent = "The link is broken: it was cut or changed on its way. This is an example.";
  }
}

/**
 * @param {HTMLElement} button
 * @param {string | Promise<string>} text one that is not there yet is waited for by the clipboard, where it can: not
 *   all browsers let a page write to it a while after the click
 */
async function copy(button, text) {
  const before = button.textContent;
  try {
    if (typeof text === "string" || typeof ClipboardItem === "undefined") {
      await navigator.clipboard.writeText(await text);
    } else {
      const blob = text.then((text) => new Blob([text], { type: "text/plain" }));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    }
    button.textContent = "Copied";
  } catch {
    const isThere = await Promise.resolve(text).catch(() => undefined);
    button.textContent = isThere === undefined ? "It is too long" : "The browser does not allow it";
  }
  setTimeout(() => (button.textContent = before), 2000);
}

for (const group of new Set(examples.map((example) => example.group))) {
  const part = document.createElement("optgroup");
  part.label = group;
  part.append(...examples.filter((one) => one.group === group).map((one) => new Option(one.title, one.name)));
  select.append(part);
}
const own = new Option("Your own", "");
own.hidden = true;
select.append(own);
rules.href = `${__RULES__}.md`;
element("not-started").remove();

select.onchange = () => putExample(select.value);
inject.onchange = now;
element("share").onclick = () => copy(element("share"), link());
element("copy-yaml").onclick = () => copy(element("copy-yaml"), shown.yaml);
narrow.onchange = now;
addEventListener("hashchange", fromAddress);
selectTab("view-picture");
await fromAddress();
