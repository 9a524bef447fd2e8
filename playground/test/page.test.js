/** The page as people use it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, choose, folder, serve, settled, watch } from "./support.js";

/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {import("playwright-core").Browser} */
let chromium;

before(async () => {
  server = await serve(folder);
  chromium = await browser();
});

after(async () => {
  await chromium.close();
  server.close();
});

test("a rejection is underlined at its line", async () => {
  const context = await chromium.newContext();
  const faults = watch(context, server.origin);
  const page = await context.newPage();
  await page.goto(server.origin);
  await settled(page);
  await choose(page, "rule-read-only-off");
  const marked = await page.locator("#manifests .cm-lintRange-error").allTextContents();
  assert.equal(marked.join(""), "args: [--max-connections=500, --skip-super-read-only]");
  assert.deepEqual(faults, []);
  await context.close();
});
