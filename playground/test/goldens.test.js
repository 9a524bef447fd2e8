/** The module in the browser says what the native function says, on all golden files, look-ups included. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browser, folder, root, serve, watch } from "./support.js";

const recorded = join(root, "target/playground-goldens");

test("all goldens", { timeout: 300_000 }, async (t) => {
  assert.ok(existsSync(join(recorded, "goldens.jsonl")), "run `make test-playground`, which records them");
  const count = readFileSync(join(recorded, "goldens.jsonl"), "utf8").trim().split("\n").length;
  const server = await serve(folder, join(root, "playground/src"), recorded, root);
  const chromium = await browser();
  const context = await chromium.newContext();
  const faults = watch(context, server.origin);
  const page = await context.newPage();
  await page.goto(server.origin);
  const { compared, lookUps, differing } = await page.evaluate(async () => {
    /** @type {typeof import("../src/policy.js")} */
    const { callPolicy, compilePolicy } = await import("/policy.js" + "");
    await compilePolicy(await (await fetch("/policy.wasm")).arrayBuffer());
    const lines = (await (await fetch("/goldens.jsonl")).text()).trim().split("\n");
    const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];
    const differing = [];
    let lookUps = 0;
    for (const [number, line] of lines.entries()) {
      const golden = JSON.parse(line);
      let next = 0;
      const answer = callPolicy("validate", encoder.encode(golden.payload), (_, namespace, operation, payload) => {
        if (namespace !== "kubernetes") return Uint8Array.of(0);
        const expected = golden.lookUps[next++];
        if (expected?.operation !== operation || expected.payload !== decoder.decode(payload)) {
          differing.push(`request ${number}: another look-up, ${operation}`);
          return Uint8Array.of(1);
        }
        lookUps++;
        return Uint8Array.from([expected.isFound ? 0 : 1, ...encoder.encode(expected.answer)]);
      });
      const said = decoder.decode(answer.subarray(1));
      if (answer[0] !== 0 || said !== golden.answer) differing.push(`request ${number}: ${said.slice(0, 200)}`);
      if (next !== golden.lookUps.length) differing.push(`request ${number}: fewer look-ups`);
    }
    return { compared: lines.length, lookUps, differing };
  });
  assert.deepEqual(differing, []);
  assert.equal(compared, count);
  assert.ok(compared > 300 && lookUps > 100, `${compared} requests, ${lookUps} look-ups`);
  assert.deepEqual(faults, []);
  t.diagnostic(`${compared} requests with ${lookUps} look-ups are answered alike`);
  await chromium.close();
  server.close();
});
