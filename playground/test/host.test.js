/** The host's side of waPC, with the guest of which every answer is known. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { callPolicy, compilePolicy } from "../src/policy.js";
import { root } from "./support.js";

const [DONE, REFUSED, CRASHED] = [0, 1, 2];
const encoder = new TextEncoder();

/**
 * @param {string} name
 * @param {string} payload
 * @param {import("../src/policy.js").LookUp} [lookUp]
 */
function call(name, payload, lookUp = () => Uint8Array.of(REFUSED)) {
  const answer = callPolicy(name, encoder.encode(payload), lookUp);
  return { what: answer[0], text: new TextDecoder().decode(answer.subarray(1)) };
}

before(async () => {
  const file = join(mkdtempSync(join(tmpdir(), "guest-")), "guest.wasm");
  execFileSync("wasm-as", [join(root, "e2e-tests/guest.wat"), "--output", file]);
  await compilePolicy(readFileSync(file));
});

test("answers, errors and crashes are told apart", () => {
  assert.deepEqual(call("protocol_version", ""), { what: DONE, text: '"v1"' });
  assert.deepEqual(JSON.parse(call("validate", "{}").text), { accepted: true, warnings: ["watch out"] });
  assert.equal(JSON.parse(call("validate", "test-reject").text).code, 400);
  assert.equal(call("validate", "test-error").what, REFUSED);
  const crashed = call("validate", "test-trap");
  assert.equal(crashed.what, CRASHED);
  assert.match(crashed.text, /unreachable/);
});

test("every call has an instance of its own", () => {
  call("validate", "test-trap");
  assert.equal(call("validate", "{}").what, DONE);
});

test("a look-up is handed over, and its answer or error comes back whole", () => {
  /** @type {string[][]} */
  const asked = [];
  for (const [isFound, said] of /** @type {[boolean, string][]} */ ([
    [true, '{"kind": "Service", "name": "ä€𝄞"}'],
    [false, "there is none: ä€𝄞"],
    [true, ""],
  ])) {
    const { what, text } = call("validate", "test-lookup", (binding, namespace, operation, payload) => {
      asked.push([binding, namespace, operation, JSON.parse(new TextDecoder().decode(payload)).name]);
      return Uint8Array.from([isFound ? DONE : REFUSED, ...encoder.encode(said)]);
    });
    assert.equal(what, REFUSED);
    assert.ok(text.endsWith(said), `${text} of ${said}`);
  }
  assert.deepEqual(asked[0], ["kubewarden", "kubernetes", "get_resource", "mysql"]);
});

test("an error in a look-up's own code is a crash of the call, and not of the page", () => {
  const { what, text } = call("validate", "test-lookup", () => {
    throw new Error("no such thing");
  });
  assert.deepEqual([what, text], [CRASHED, "no such thing"]);
});

test("megabytes come through", () => {
  assert.equal(call("validate", JSON.stringify({ text: "x".repeat(2_000_000) })).what, DONE);
});

test("what is no module is refused", async () => {
  await assert.rejects(compilePolicy(encoder.encode("no module")));
});
