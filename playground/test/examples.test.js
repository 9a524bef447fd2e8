/** Each example on the page, beside what `preview` says of it: its report, its picture, its speed. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { examples } from "../examples.js";
import { byText, expected } from "./expected.js";
import { browser, choose, folder, root, screenshot, serve, settled, watch } from "./support.js";

const program = join(root, "target/debug/mysql-replication-preview");
/** An answer should be there so soon after the pause, in milliseconds; the second is what a busy machine may take. */
const [WANTED, MOST] = [50, 1000];

/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {import("playwright-core").Browser} */
let chromium;
/** @type {import("playwright-core").Page} */
let page;
/** @type {string[]} */
let faults;

before(async () => {
  server = await serve(folder);
  chromium = await browser();
  const context = await chromium.newContext({ viewport: { width: 1400, height: 900 } });
  faults = watch(context, server.origin);
  page = await context.newPage();
  // What the worker answers is looked at on its way to the page.
  await page.addInitScript(() => {
    window.Worker = class extends Worker {
      /** @param {ConstructorParameters<typeof Worker>} given */
      constructor(...given) {
        super(...given);
        this.addEventListener("message", ({ data }) => {
          Object.assign(window, { answered: data.answer });
        });
      }
    };
  });
  await page.goto(server.origin);
  await settled(page);
});

after(async () => {
  await chromium.close();
  server.close();
});

/** @returns {Promise<import("../src/judge.js").Answer>} */
async function answered() {
  return JSON.parse(await page.evaluate(() => /** @type {any} */ (window).answered));
}

/**
 * What `preview` says of an example.
 * @param {import("../examples.js").Example} example
 */
function previewed(example) {
  const cwd = mkdtempSync(join(tmpdir(), "example-"));
  writeFileSync(join(cwd, "manifests.yaml"), example.manifests);
  writeFileSync(join(cwd, "settings.yaml"), example.settings);
  const settings = example.settings ? ["--settings", "settings.yaml"] : [];
  const policy = ["--policy", join(root, "policy.wasm")];
  const ran = (/** @type {string[]} */ ...output) =>
    spawnSync(program, [...policy, ...settings, ...output, "manifests.yaml"], { cwd, encoding: "utf8" });
  const json = ran("--output", "json", "--diff");
  return { report: json.stdout, said: json.stderr, manifests: ran("--output", "yaml").stdout };
}

test("there is the program to compare with", () => {
  assert.match(execFileSync(program, ["--version"], { encoding: "utf8" }), /mysql-replication-preview/);
  assert.ok(examples.length > 35, `${examples.length} examples`);
});

for (const example of examples) {
  test(example.name, async () => {
    await choose(page, example.name);
    const [answer, native] = [await answered(), previewed(example)];
    if (answer.report === undefined) {
      assert.ok(answer.settingsError && native.said.includes(answer.settingsError), native.said);
      assert.equal(await page.locator("#settings-error").textContent(), answer.settingsError);
      assert.equal(await page.locator("#picture svg").count(), 0, "a picture of something else");
      assert.ok(await page.locator("#problems").isHidden());
    } else {
      assert.equal(answer.report, native.report);
      assert.equal(answer.manifests, native.manifests);
      const report = JSON.parse(answer.report);
      await compareWithPicture(report);
      await compareWithMarks(report);
      if (example.rule) {
        const warnings = report.objects.flatMap((/** @type {any} */ one) => one.warnings);
        const broken = report.objects.flatMap((/** @type {any} */ one) =>
          one.violations.map((/** @type {any} */ v) => v.rule),
        );
        const isTold = warnings.some((/** @type {string} */ text) => text.startsWith(`[${example.rule}]`));
        assert.ok(isTold || broken.includes(example.rule), `${example.rule} is not among ${broken} ${warnings}`);
      } else {
        assert.equal(report.exitCode, 0, native.said);
      }
    }
    assert.equal(await page.evaluate(() => location.hash), `#example=${example.name}`);
    await screenshot(page, `example-${example.name}`);
    assert.deepEqual(faults, []);
  });
}

/** @param {any} report */
async function compareWithPicture(report) {
  const drawn = await page.evaluate(() => ({
    nodes: [...document.querySelectorAll("#picture [data-node]")].map((node) => node.getAttribute("data-node") ?? ""),
    arrows: [...document.querySelectorAll("#picture [data-kind]")].map((edge) => ({
      kind: edge.getAttribute("data-kind") ?? "",
      from: edge.getAttribute("data-from") ?? "",
      to: edge.getAttribute("data-to") ?? "",
      isRefused: edge.classList.contains("refused"),
    })),
    refused: [...document.querySelectorAll("#picture .node.refused")].map(
      (node) => node.getAttribute("data-node") ?? "",
    ),
  }));
  const isCluster = drawn.arrows.some(({ kind }) => kind === "follows") || expected(report).pods.length > 0;
  if (isCluster) {
    const { pods, claims, arrows } = expected(report);
    const of = (/** @type {string} */ kind) =>
      drawn.nodes.filter((id) => id.startsWith(`${kind}/`) && !id.endsWith(" and more"));
    assert.deepEqual(of("pod").sort(), pods);
    assert.deepEqual(of("claim").sort(), claims);
    const told = drawn.arrows.filter(({ from, to }) => /^(pod|service)\//.test(from) && to.startsWith("pod/"));
    assert.deepEqual(told.sort(byText), arrows);
  }
  const rejected = report.objects.filter((/** @type {any} */ one) => one.verdict === "rejected");
  for (const { namespace, name } of rejected) {
    assert.ok(
      drawn.refused.some((id) => id.endsWith(`/${namespace}/${name}`)),
      `${name} is not red: ${drawn.refused}`,
    );
  }
  assert.equal(drawn.refused.length, rejected.length);
}

/** @param {any} report */
async function compareWithMarks(report) {
  const lines = report.objects.flatMap((/** @type {any} */ one) =>
    one.violations.map((/** @type {any} */ v) => v.line),
  );
  const listed = await page.locator("#problems li.error button").allTextContents();
  assert.deepEqual(
    listed,
    lines
      .sort((/** @type {number} */ a, /** @type {number} */ b) => a - b)
      .map((/** @type {number} */ line) => `Line ${line}`),
  );
}

test("applications lead where they are told to", async () => {
  for (const [name, ...arrows] of /** @type {[string, ...string[]][]} */ ([
    [
      "password-from-secret",
      "writes application/Deployment/default/shop-web service/default/shop-write",
      "reads application/Deployment/default/shop-web service/default/shop-read",
    ],
    ["backup", "reads application/CronJob/default/ledger-backup pod/default/ledger-2"],
    ["rule-write-endpoint", "reads refused application/Pod/default/shop pod/default/mysql-1"],
  ])) {
    await choose(page, name);
    const drawn = await page.locator("#picture [data-from^=application]").evaluateAll((edges) =>
      edges.map((edge) =>
        ["data-kind", "", "data-from", "data-to"]
          .map((key) => (key ? edge.getAttribute(key) : edge.classList.contains("refused") && "refused"))
          .filter(Boolean)
          .join(" "),
      ),
    );
    assert.deepEqual(drawn, arrows);
  }
});

test("answers are there soon after a pause", async (t) => {
  /** @type {number[]} */
  const times = [];
  for (const example of examples.filter((one) => one.rule === undefined)) {
    await choose(page, example.name);
    for (let round = 0; round < 3; round++) {
      await page.locator("#manifests .cm-content").focus();
      await page.keyboard.press("ControlOrMeta+End");
      await page.evaluate(() => (document.body.dataset.state = "waiting"));
      await page.keyboard.type("# x");
      await settled(page);
      times.push(Number(await page.evaluate(() => document.body.dataset.milliseconds)));
    }
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  t.diagnostic(
    `median ${median.toFixed(1)} ms, slowest ${times.at(-1)?.toFixed(1)} ms, of ${times.length}; wanted: ${WANTED}`,
  );
  assert.ok(median < MOST, `${median} ms`);
});
