/** What a report becomes on the page, without a browser. */
import assert from "node:assert/strict";
import { before, test } from "node:test";

/** @type {typeof import("../src/report.js")} */
let page;

before(async () => {
  // the build puts it in
  Object.assign(globalThis, { __RULES__: "https://docs.example/docs/rules" });
  page = await import("../src/report.js");
});

/**
 * @param {Partial<import("../src/report.js").ObjectOutcome>} some
 * @returns {import("../src/report.js").ObjectOutcome}
 */
function object(some) {
  const named = { file: "manifests.yaml", kind: "Pod", namespace: "default", name: "a", line: 1 };
  return { ...named, verdict: "accepted", violations: [], warnings: [], warningPlaces: [], ...some };
}

/** @param {import("../src/report.js").ObjectOutcome[]} objects */
function report(...objects) {
  return { exitCode: 0, objects, errors: [], warnings: [] };
}

test("what is refused comes first, and the rest in the order of its lines", () => {
  const warned = [...Array(150).keys()].map((at) => object({ line: at + 1, warnings: ["w"], hints: ["h"] }));
  const refused = [200, 199].map((line) => object({ line, verdict: "rejected" }));
  const errors = [{ file: "manifests.yaml", line: 300, message: "no YAML" }];
  const found = page.marks({ ...report(...warned, ...refused), errors });
  assert.deepEqual(
    found.slice(0, 3).map(({ severity, line }) => [severity, line]),
    [
      ["error", 199],
      ["error", 200],
      ["error", 300],
    ],
  );
  const rest = found.slice(3).map(({ severity }) => severity);
  assert.deepEqual(rest, [...Array(150).fill("warning"), ...Array(150).fill("info")]);
  assert.deepEqual([found[3].line, found[152].line], [1, 150]);
});

test("a warning leads to the page of its rule", () => {
  const [mark] = page.marks(report(object({ warnings: ["[write-service] spec.selector: x"], warningPlaces: [null] })));
  assert.equal(mark.link, "https://docs.example/docs/rules/write-service.md");
});

test("one is accepted as it is, and several as they are", () => {
  assert.equal(page.summary(report(object({}))), "1 accepted as it is");
  assert.equal(page.summary(report(object({}), object({}))), "2 accepted as they are");
});
