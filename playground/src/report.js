/** What `preview` reports, as marks on lines and as a few words. */

/**
 * @typedef {{file?: string, line?: number, rule: string, object?: string, path: string, found: string, why: string,
 *   fix: string, link: string}} Violation
 * @typedef {{file: string, line: number} | null} Place
 * @typedef {{what: string, added?: string[], removed?: string[]}} Change
 * @typedef {{file: string, line: number, kind: string, namespace: string, name: string,
 *   verdict: "passed" | "accepted" | "mutated" | "rejected", message?: string, violations: Violation[],
 *   warnings: string[], warningPlaces: Place[], hints?: string[], changes?: Change[]}} ObjectOutcome
 * @typedef {{file: string, line?: number, column?: number, message: string}} Problem
 * @typedef {{exitCode: number, objects: ObjectOutcome[], errors: Problem[], warnings: Problem[], diff?: string}} Report
 * @typedef {import("./editor.js").Mark} Mark
 */

/** @param {ObjectOutcome} object */
export function label({ kind, namespace, name }) {
  return `${kind} ${namespace}/${name}`;
}

/** The order in which what was found is told: nobody is to look for what is refused among what is only warned of. */
const SEVERITIES = ["error", "warning", "info"];

/**
 * All that was found: what is refused first, and of one severity in the order of its lines.
 * @param {Report} report
 * @returns {Mark[]}
 */
export function marks(report) {
  /** @type {Mark[]} */
  const found = [];
  for (const object of report.objects) {
    for (const violation of object.violations) {
      const { rule, path, why, fix, link } = violation;
      const other = violation.object ? ` in ${violation.object}` : "";
      const text = `${label(object)} is refused${other}: ${path}: ${violation.found}`;
      found.push({ line: violation.line ?? object.line, severity: "error", text, rule, why, fix, link });
    }
    if (object.verdict === "rejected" && object.violations.length === 0) {
      const text = `${label(object)} is refused: ${object.message ?? "the policy gives no reason"}`;
      found.push({ line: object.line, severity: "error", text });
    }
    // What is no manifest is no finding where other YAML is given, too.
    if (object.verdict === "passed" && object.kind !== "") continue;
    object.warnings.forEach((warning, index) => {
      const line = object.warningPlaces[index]?.line ?? object.line;
      const rule = warning.match(/^\[([\w-]+)\] /)?.[1];
      const link = rule && `${__RULES__}/${rule}.md`;
      found.push({ line, severity: "warning", text: `${label(object)}: ${warning}`, rule, link });
    });
    for (const hint of object.hints ?? []) {
      found.push({ line: object.line, severity: "info", text: `${label(object)}: ${hint}` });
    }
  }
  for (const { line, message } of report.errors) {
    found.push({ line: line ?? 1, severity: "error", badge: "not readable", text: message });
  }
  for (const { line, message } of report.warnings) found.push({ line: line ?? 1, severity: "warning", text: message });
  return found.sort(
    (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.line - b.line,
  );
}

/** @param {Report} report */
export function summary(report) {
  const count = (/** @type {string} */ verdict) => report.objects.filter((object) => object.verdict === verdict).length;
  const parts = [
    [count("rejected"), "refused"],
    [count("mutated"), "changed"],
    [count("accepted"), count("accepted") === 1 ? "accepted as it is" : "accepted as they are"],
    [count("passed"), "none of the policy's business"],
    [report.errors.length, "not readable"],
  ].filter(([number]) => number);
  return parts.length ? parts.map(([number, what]) => `${number} ${what}`).join(", ") : "There is nothing to judge.";
}
