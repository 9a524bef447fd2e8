/** The host's side of waPC, with the guest of which every answer is known. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
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

const directory = mkdtempSync(join(tmpdir(), "guest-"));

/** @param {string} text of a module */
function assembled(text) {
  const file = join(directory, "guest.wat");
  writeFileSync(file, text);
  execFileSync("wasm-as", ["--enable-mutable-globals", file, "--output", `${file}.wasm`]);
  return readFileSync(`${file}.wasm`);
}

/**
 * A guest that does this when it is called.
 * @param {string} code
 */
function guest(code) {
  return assembled(`(module
    (import "wapc" "__guest_error" (func $fail (param i32 i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 2)
    (data (i32.const 8) "\\10\\00\\00\\00\\05\\00\\00\\00")
    (data (i32.const 16) "panic")
    (func (export "__guest_call") (param i32 i32) (result i32) ${code}))`);
}

beforeEach(() => compilePolicy(assembled(readFileSync(join(root, "e2e-tests/guest.wat"), "utf8"))));

test("answers, errors and crashes are told apart", () => {
  assert.deepEqual(call("protocol_version", ""), { what: DONE, text: '"v1"' });
  assert.deepEqual(JSON.parse(call("validate", "{}").text), { accepted: true, warnings: ["watch out"] });
  assert.equal(JSON.parse(call("validate", "test-reject").text).code, 400);
  assert.equal(call("validate", "test-error").what, REFUSED);
});

for (const [what, code, said] of /** @type {[string, string, RegExp][]} */ ([
  ["crash", "(unreachable)", /^unreachable$/],
  ["panic", "(drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 0))) (unreachable)", /: panic$/],
  ["end", "(call $exit (i32.const 3)) (i32.const 1)", /^it exited with status 3$/],
  ["address", "(call $fail (i32.const -1) (i32.const 2)) (i32.const 0)", /outside of its memory/],
  [
    "text",
    "(i32.store8 (i32.const 16) (i32.const 255)) (call $fail (i32.const 16) (i32.const 5)) (i32.const 0)",
    /valid/,
  ],
])) {
  test(`a guest that goes wrong: ${what}`, async () => {
    await compilePolicy(guest(code));
    const crashed = call("validate", "");
    assert.equal(crashed.what, CRASHED);
    assert.match(crashed.text, said);
  });
}

test("a guest that says nothing", async () => {
  await compilePolicy(guest("(i32.const 1)"));
  assert.deepEqual(call("validate", ""), { what: REFUSED, text: "it gave no answer, and no error" });
});

test("the system is random, and empty", async () => {
  await compilePolicy(
    guest(`(drop (call $random (i32.const 1024) (i32.const 70000)))
      (drop (call $sizes (i32.const 0) (i32.const 4)))
      (if (i32.or (i32.load (i32.const 0)) (i32.load (i32.const 4))) (unreachable))
      (if (i64.eqz (i64.load (i32.const 71016))) (unreachable))
      (i32.const 0)`),
  );
  assert.equal(call("validate", "").what, REFUSED);
});

test("every call has an instance of its own", async () => {
  await compilePolicy(
    guest("(if (i32.load (i32.const 512)) (unreachable)) (i32.store (i32.const 512) (i32.const 1)) (i32.const 0)"),
  );
  assert.equal(call("validate", "").what, REFUSED);
  assert.equal(call("validate", "").what, REFUSED);
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
