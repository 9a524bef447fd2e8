/** The page as people use it, and as they should not have to. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { browser, choose, folder, paste, root, screenshot, serve, settled, watch } from "./support.js";

/** @type {Awaited<ReturnType<typeof serve>>} */
let server;
/** @type {import("playwright-core").Browser} */
let chromium;

before(async () => {
  server = await serve(folder, join(root, "playground/src"));
  chromium = await browser();
});

after(async () => {
  await chromium.close();
  server.close();
});

/**
 * Has a page do something, and looks that it did nothing else.
 * @param {string} name
 * @param {(page: import("playwright-core").Page, context: import("playwright-core").BrowserContext,
 *   t: import("node:test").TestContext) => Promise<void>} use
 * @param {import("playwright-core").BrowserContextOptions & {at?: string, mayFail?: RegExp}} [options]
 */
function onPage(name, use, { at = "", mayFail, ...options } = {}) {
  test(name, { timeout: 180_000 }, async (t) => {
    const context = await chromium.newContext({ viewport: { width: 1400, height: 900 }, ...options });
    const faults = watch(context, server.origin);
    try {
      const page = await context.newPage();
      await page.goto(`${server.origin}/${at}`);
      await settled(page);
      await use(page, context, t);
      assert.deepEqual(
        faults.filter((fault) => !mayFail?.test(fault)),
        [],
      );
    } finally {
      await context.close();
    }
  });
}

/** @param {import("playwright-core").Page} page */
async function summary(page) {
  return page.locator("#summary").textContent();
}

const PLAIN = `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: mysql # a comment
spec:
  serviceName: mysql
  replicas: 2
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers:
        - name: mysql
          image: mysql:8.4
          env: [{name: MYSQL_ALLOW_EMPTY_PASSWORD, value: "1"}]
`;

onPage("a rejection is underlined at its line, and explained there", async (page) => {
  await choose(page, "rule-read-only-off");
  const marked = await page.locator("#manifests .cm-lintRange-error").allTextContents();
  assert.equal(marked.join(""), "args: [--max-connections=500, --skip-super-read-only]");
  await page.locator("#manifests .cm-lintRange-error").first().hover();
  const tip = page.locator("#manifests .cm-tooltip-lint");
  await tip.waitFor();
  const text = (await tip.textContent()) ?? "";
  assert.match(text, /args\[1\].*Why:.*Fix: remove it/s);
  assert.match((await tip.locator("a").getAttribute("href")) ?? "", /docs\/rules\/read-only-off\.md$/);
  await screenshot(page, "rejection-explained");
});

onPage("typing mends it", async (page) => {
  await choose(page, "rule-read-only-off");
  await page.getByRole("button", { name: "Line 16" }).click();
  await page.keyboard.press("End");
  for (const _ of ", --skip-super-read-only]") await page.keyboard.press("Shift+ArrowLeft");
  await page.evaluate(() => (document.body.dataset.state = "waiting"));
  await page.keyboard.type("]");
  await settled(page);
  assert.match((await summary(page)) ?? "", /^1 changed/);
  assert.equal(await page.locator("#manifests .cm-lintRange-error").count(), 0);
  assert.equal(await page.locator("#picture .pod").count(), 3);
});

onPage("what is changed keeps its comments, and scripts are folded", async (page) => {
  await paste(page, PLAIN);
  assert.match((await page.locator("#problems").textContent()) ?? "", /nothing replicates these 2 pods/);
  assert.equal(await page.locator("#picture .edge[data-kind]").count(), 0);
  await page.evaluate(() => (document.body.dataset.state = "waiting"));
  await page.getByLabel("Inject plain databases, too").check();
  await settled(page);
  assert.equal(await page.locator("#picture .edge[data-kind=follows]").count(), 1);
  await page.getByRole("tab", { name: "YAML" }).click();
  const yaml = page.locator("#yaml .cm-content");
  assert.match(await yaml.innerText(), /mysql-replication.kubewarden.io\/inject/);
  await page.locator("#yaml .cm-scroller").evaluate((one) => (one.scrollTop = 0));
  assert.match(await yaml.innerText(), /name: mysql # a comment/);
  await page.locator("#yaml .cm-foldPlaceholder").nth(1).waitFor();
  assert.doesNotMatch(await yaml.innerText(), /umask 022/, "the script that unpacks is folded");
  assert.doesNotMatch(await yaml.innerText(), /H4sI[\w+/=]{500}/);
  await screenshot(page, "yaml");
  await page.getByRole("tab", { name: "Changes" }).click();
  await page.locator("#diff .cm-added").first().waitFor();
  await screenshot(page, "changes");
});

onPage("broken YAML is told at its line, and what was there before is no answer to it", async (page) => {
  await paste(page, PLAIN.replace("serviceName: mysql", "serviceName: [mysql"));
  assert.match((await summary(page)) ?? "", /1 not readable/);
  assert.match((await page.locator("#problems").textContent()) ?? "", /Line \d+.*not valid YAML/s);
  assert.equal(await page.locator("#picture .pod").count(), 0);
  await screenshot(page, "broken-yaml");
  await paste(page, "{{ .Values.x }}\n");
  assert.match((await page.locator("#problems").textContent()) ?? "", /Helm template/);
  await paste(page, "");
  assert.match((await page.locator("#problems").textContent()) ?? "", /is empty/);
  await paste(page, "just: text\n");
  assert.match((await page.locator("#problems").textContent()) ?? "", /no `kind`/);
  await paste(page, "a\u0000b");
  await paste(page, PLAIN);
  assert.match((await summary(page)) ?? "", /1 accepted as it is/);
});

onPage("settings are settings, and refused where they are none", async (page) => {
  await paste(page, PLAIN);
  await page.locator("#settings-part summary").click();
  await paste(page, "unmanaged: reject\n", "settings");
  assert.match((await summary(page)) ?? "", /1 refused/);
  assert.match((await page.locator("#problems").textContent()) ?? "", /unmanaged/);
  await screenshot(page, "settings");
  await paste(page, "a: [", "settings");
  assert.match((await page.locator("#settings-error").textContent()) ?? "", /^settings\.yaml:\d+:.*not valid YAML/);
  await paste(page, "", "settings");
  assert.match((await summary(page)) ?? "", /1 accepted as it is/);
  assert.ok(await page.locator("#settings-error").isHidden());
  // a line is underlined where it is known to be the one
  await paste(page, "# mine\nno-such-setting: 1\n", "settings");
  assert.match((await page.locator("#settings-error").textContent()) ?? "", /^settings\.yaml: the policy refuses/);
  assert.equal(await page.locator("#settings .cm-lintRange-error").count(), 0);
  await paste(page, "unmanaged: reject\na: b: c\n", "settings");
  assert.equal(await page.locator("#settings .cm-lintRange-error").textContent(), "a: b: c");
});

onPage("what is refused is listed, however much is warned of before it", async (page) => {
  const warned = (/** @type {number} */ at) => PLAIN.replace("name: mysql #", `name: m${at} #`);
  const annotation = 'annotations: {mysql-replication.kubewarden.io/inject: "true"}';
  const refused = PLAIN.replace("metadata:", `metadata:\n  ${annotation}`)
    .replace("name: mysql #", "name: last #")
    .replace("image: mysql:8.4", "image: mysql:8.4\n          args: [--skip-super-read-only]");
  await paste(page, [...[...Array(110).keys()].map(warned), refused].join("---\n"));
  const first = page.locator("#problems li").first();
  assert.match((await first.textContent()) ?? "", /StatefulSet default\/last is refused/);
  assert.match((await page.locator("#problems li").last().textContent()) ?? "", /^and \d+ more, which are underlined/);
});

onPage("controls in names turn nothing round", async (page) => {
  await paste(page, PLAIN.replace("name: mysql #", 'name: "a\\u202Eb" #'));
  const text = (await page.locator("#problems").textContent()) ?? "";
  assert.match(text, /default\/a\\u\{202e\}b: nothing replicates/);
  assert.doesNotMatch((await page.locator("#picture").textContent()) ?? "", /\u202e/);
});

onPage("a paste of two megabytes", async (page, _, t) => {
  const config = (/** @type {number} */ number) => {
    const letters = createHash("sha512").update(String(number)).digest("hex");
    const lines = letters.replace(/.{40}/g, "$& of a text\n    ").repeat(9);
    return `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${number}\ndata:\n  text: |\n    ${lines}\n`;
  };
  let text = PLAIN.replace(
    "  name: mysql # a comment",
    '  name: mysql\n  annotations: {mysql-replication.kubewarden.io/inject: "true"}',
  );
  for (let number = 0; text.length < 2_000_000; number++) text += config(number);
  const begin = Date.now();
  await paste(page, text);
  const pasted = Date.now() - begin;
  assert.match((await summary(page)) ?? "", /^1 changed, \d{3,} accepted as they are/);
  assert.equal(await page.locator("#picture .pod").count(), 2);
  assert.ok(await page.getByRole("button", { name: "Copy link" }).isDisabled(), "an address of so much");
  assert.ok(!page.url().includes("#"), "an address of so much");
  assert.match((await page.locator("#too-long:visible").textContent()) ?? "", /a reload of the page loses it/);
  // A key is answered by the editor while the worker works.
  await page.locator("#manifests .cm-content").focus();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.press("End");
  const key = await page.evaluate(async () => {
    document.body.dataset.state = "waiting";
    const begin = performance.now();
    document.execCommand("insertText", false, " # x");
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begin;
  });
  await settled(page);
  await page.getByRole("tab", { name: "Changes" }).click();
  await page.locator("#diff .cm-added").first().waitFor();
  await screenshot(page, "two-megabytes");
  t.diagnostic(`${text.length} letters: answered after ${pasted} ms, a key shown after ${key.toFixed(0)} ms`);
});

onPage("offline it works on", async (page, context) => {
  await context.setOffline(true);
  await choose(page, "mariadb");
  assert.match((await summary(page)) ?? "", /2 changed/);
  await paste(page, PLAIN);
  assert.match((await summary(page)) ?? "", /1 accepted as it is/);
  await screenshot(page, "offline");
});

onPage(
  "nothing can be sent to another host, neither by the page nor by its worker",
  async (page) => {
    const other = createServer((_, response) =>
      response.writeHead(200, { "access-control-allow-origin": "*" }).end("x"),
    );
    await new Promise((done) => other.listen(0, "127.0.0.1", () => done(undefined)));
    const address = other.address();
    const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
    let reached = 0;
    other.on("request", () => reached++);
    const send = (/** @type {string} */ url) =>
      fetch(url).then(
        () => "sent",
        () => "blocked",
      );
    assert.equal(await page.evaluate(send, url), "blocked");
    assert.equal(page.workers().length, 1);
    assert.equal(await page.workers()[0].evaluate(send, url), "blocked");
    const inline = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "document.title = 'changed'";
      document.head.append(script);
      return document.title;
    });
    assert.notEqual(inline, "changed");
    assert.equal(reached, 0);
    // The same from a page without the policy gets through, so it is the policy that blocks.
    const free = await chromium.newPage();
    assert.equal(await free.evaluate(send, url), "sent");
    await free.close();
    other.close();
  },
  { mayFail: /Content Security Policy|^failed: http:\/\/127|^request: http:\/\/127/ },
);

onPage("nothing in what is pasted becomes markup", async (page) => {
  const name = `<img src=x onerror="document.title='changed'">`;
  await paste(page, PLAIN.replace("name: mysql #", `name: '${name.replaceAll("'", "''")}' #`));
  assert.match((await page.locator("#problems").textContent()) ?? "", /<img src=x/);
  assert.equal(await page.locator("main img").count(), 0);
  assert.notEqual(await page.title(), "changed");
});

onPage("all of it can be reached and used by keys", async (page) => {
  await choose(page, "rule-read-only-off");
  await page.locator("#examples").focus();
  /** @type {string[]} */
  const reached = [];
  for (let step = 0; step < 20; step++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent || ""));
  }
  const order = ["inject", "share", "manifests", "Line 2", "Line 16", "tab-picture", "picture", "rules"];
  assert.deepEqual(
    order.filter((id) => reached.includes(id)),
    order,
    reached.join(", "),
  );
  const [at, behind] = [reached.indexOf("manifests"), reached.indexOf("tab-picture")];
  assert.ok(at >= 0 && at < behind, "Tab leaves the editor");
  assert.ok(!reached.includes("tab-yaml"), "tabs are one stop");
  await page.locator("#tab-picture").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#tab-yaml").getAttribute("aria-selected"), "true");
  assert.ok(await page.locator("#view-picture").isHidden());
  await page.keyboard.press("End");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "tab-diff");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("#tab-picture").getAttribute("aria-selected"), "true");
  await page.getByRole("button", { name: "Line 16" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "manifests");
  const active = await page.locator("#manifests .cm-activeLine").textContent();
  assert.match(active ?? "", /--skip-super-read-only/);
});

onPage("a screen reader gets all of it in words", async (page) => {
  await choose(page, "mysql");
  const image = page.getByRole("img", { name: "The cluster that would come of these manifests" });
  const described = await image.evaluate((svg) =>
    (svg.getAttribute("aria-labelledby") ?? "")
      .split(" ")
      .map((id) => svg.querySelector(`#${id}`)?.textContent)
      .join(" "),
  );
  assert.match(described, /Pod mysql-1, replica, server id 101; its data is in the claim data-mysql-1, 10Gi/);
  assert.match(described, /Service mysql-write, writes: primary only; writes go to mysql-0/);
  await page.getByText("The picture in words").click();
  const words = await page.getByRole("listitem").allTextContents();
  assert.ok(
    words.some((text) => /mysql-2.*it clones from mysql-1; it follows mysql-0/.test(text)),
    words.join("\n"),
  );
  assert.equal(await page.getByRole("status").textContent(), await summary(page));
  assert.equal(await page.getByRole("textbox", { name: "Manifests" }).count(), 1);
  for (const name of ["Picture", "YAML", "Changes"]) assert.equal(await page.getByRole("tab", { name }).count(), 1);
  const unnamed = await page.evaluate(
    () =>
      [...document.querySelectorAll("button, input, select")].filter((one) => {
        const { labels } = /** @type {HTMLInputElement} */ (one);
        return !one.textContent?.trim() && !labels?.length && !one.getAttribute("aria-label");
      }).length,
  );
  assert.equal(unnamed, 0);
});

for (const [name, colorScheme] of /** @type {[string, "light" | "dark"][]} */ ([
  ["light", "light"],
  ["dark", "dark"],
])) {
  onPage(
    `on a telephone, ${name}`,
    async (page) => {
      for (const example of ["password-from-secret", "rule-write-endpoint", "hardened"]) {
        await choose(page, example);
        const { scroll, client, picture, place } = await page.evaluate(() => ({
          scroll: document.documentElement.scrollWidth,
          client: document.documentElement.clientWidth,
          picture: document.querySelector("#picture svg")?.getBoundingClientRect().width ?? 0,
          place: Number(document.querySelector("#picture svg")?.getAttribute("width")),
        }));
        assert.ok(scroll <= client, `${example}: ${scroll} pixels of ${client}`);
        // letters of 11.5 pixels stay at least so large
        assert.ok(picture / place > 0.85, `${example}: the picture is shrunk to ${picture / place}`);
        await screenshot(page, `telephone-${name}-${example}`);
      }
    },
    { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme },
  );
}

onPage(
  "in the dark",
  async (page) => {
    await choose(page, "rule-write-endpoint");
    await screenshot(page, "dark");
    const paper = await page.locator("#picture .paper").evaluate((one) => getComputedStyle(one).fill);
    assert.equal(paper, "rgb(21, 26, 35)");
  },
  { colorScheme: "dark" },
);

onPage(
  "printed",
  async (page) => {
    await choose(page, "password-from-secret");
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.locator("#manifests").isHidden());
    assert.ok(await page.locator("#picture svg").isVisible());
    const paper = await page.locator("#picture .paper").evaluate((one) => getComputedStyle(one).fill);
    assert.equal(paper, "rgb(255, 255, 255)");
    const words = await page.locator("header p").evaluate((one) => getComputedStyle(one).color);
    assert.equal(words, "rgb(51, 51, 51)");
    await screenshot(page, "printed");
    await page.emulateMedia({ media: "screen" });
    await page.getByRole("tab", { name: "YAML" }).click();
    assert.ok(await page.locator("#picture").isHidden());
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.locator("#picture svg").isVisible(), "the picture stands for all tabs");
    assert.ok(await page.locator("#view-yaml").isHidden());
  },
  { colorScheme: "dark" },
);

onPage(
  "with the colours of the reader's system the selected tab is another one than the others",
  async (page) => {
    const [selected, other] = ["#tab-picture", "#tab-yaml"].map((id) => page.locator(id));
    const colour = (/** @type {Element} */ one) => getComputedStyle(one).backgroundColor;
    assert.notEqual(await selected.evaluate(colour), await other.evaluate(colour));
    await screenshot(page, "forced-colours");
  },
  { forcedColors: "active" },
);

onPage(
  "a link is that of what is on the page, and not of its last answer",
  async (page) => {
    const share = page.locator("#share");
    const copied = async () => {
      await page.waitForFunction(() => document.querySelector("#share")?.textContent === "Copied");
      return page.evaluate(() => navigator.clipboard.readText());
    };
    /** Before the pause is over, but after the editor has seen it. */
    const insertAndCopy = async (/** @type {string} */ text) => {
      document.execCommand("insertText", false, text);
      await new Promise((done) => setTimeout(done));
      /** @type {HTMLButtonElement} */ (document.querySelector("#share")).click();
    };
    await page.locator("#manifests .cm-content").focus();
    await page.evaluate(insertAndCopy, "# typed just now\n");
    const link = await copied();
    await settled(page);
    const other = await page.context().newPage();
    await other.goto(link);
    await settled(other);
    assert.match(await other.locator("#manifests .cm-content").innerText(), /^# typed just now/);
    await other.close();
    // of what is too long there is none
    await page.waitForFunction(() => document.querySelector("#share")?.textContent === "Copy link");
    let long = "";
    for (let at = 0; at < 2000; at++) long += `# ${createHash("sha512").update(String(at)).digest("hex")}\n`;
    await page.evaluate(insertAndCopy, long);
    await page.waitForFunction(() => document.querySelector("#share")?.textContent === "It is too long");
    assert.ok(await share.isDisabled());
  },
  { permissions: ["clipboard-read", "clipboard-write"] },
);

onPage("a late answer leaves the address of what has been set meanwhile", async (page) => {
  await paste(page, PLAIN);
  const before = page.url();
  await page.locator("#manifests .cm-content").focus();
  await page.evaluate(() => {
    document.body.dataset.state = "waiting";
    // the box is checked as soon as the policy was asked about the time before
    const mark = performance.mark.bind(performance);
    performance.mark = (...given) => {
      /** @type {HTMLInputElement} */ (document.querySelector("#inject")).checked = true;
      return mark(...given);
    };
    document.execCommand("insertText", false, "# x\n");
  });
  await settled(page);
  assert.equal(page.url(), before);
});

onPage("an address brings back what is on the page", async (page, context) => {
  const text = `# ü 𝄞\n${PLAIN}`;
  await paste(page, text);
  await page.locator("#settings-part summary").click();
  await paste(page, "unmanaged: reject\n", "settings");
  await page.waitForFunction(() => location.hash.startsWith("#state="));
  assert.match(page.url(), /#state=[\w-]+$/);
  const other = await context.newPage();
  await other.goto(page.url());
  await settled(other);
  assert.equal(await summary(other), await summary(page));
  assert.equal(
    await other.locator("#manifests .cm-content").innerText(),
    await page.locator("#manifests .cm-content").innerText(),
  );
  assert.match(await other.locator("#settings .cm-content").innerText(), /unmanaged: reject/);
});

for (const broken of ["#state=abc", "#state=%%%", "#state=", "#example=none", "#other"]) {
  onPage(
    `an address that is broken: ${broken}`,
    async (page) => {
      assert.equal(await page.locator("#picture .pod").count(), 3);
      if (broken.startsWith("#state")) assert.match((await summary(page)) ?? "", /link is broken/);
      if (broken.endsWith("none")) assert.match((await summary(page)) ?? "", /^There is no example “none”/);
    },
    { at: broken },
  );
}

onPage("what unpacks to more than a page holds is no state", async (page) => {
  await page.evaluate(async () => {
    const stream = new Blob(["x".repeat(64 << 20)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let letters = "";
    for (const byte of bytes) letters += String.fromCharCode(byte);
    document.body.dataset.state = "waiting";
    location.hash = `#state=${btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  });
  await page.waitForFunction(() => document.querySelector("#summary")?.textContent?.includes("link is broken"));
});

onPage("a worker that takes too long, or crashes, is ended, and the next one answers", async (page) => {
  const said = await page.evaluate(async () => {
    /** @type {typeof import("../src/judge.js")} */
    const { Judge } = await import("/judge.js" + "");
    const code = `self.onmessage = ({ data: { id, request } }) => {
      const { manifests } = JSON.parse(request);
      if (manifests === "endless") for (;;);
      if (manifests === "crash") self.postMessage({ id, error: "crashed" });
      else self.postMessage({ id, answer: JSON.stringify({ manifests }) });
    };`;
    const judge = new Judge(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), 1000);
    const ask = (/** @type {string} */ manifests) =>
      judge.ask({ manifests, settings: "", inject: false, narrow: false }).then(
        (answer) => answer.manifests,
        (error) => error.message,
      );
    const said = [];
    for (const manifests of ["one", "endless", "two", "crash", "three"]) said.push(await ask(manifests));
    // what is asked while it works waits, and only the newest of it
    const [first, , last] = [ask("four"), ask("five"), ask("six")];
    said.push(await first, await last);
    return said;
  });
  const late = "The policy did not answer in time. Try it with less YAML.";
  assert.deepEqual(said, ["one", late, "two", "crashed", "three", "four", "six"]);
});

onPage("where the policy crashes, nothing of the answer before stays", async (page) => {
  await page.addInitScript(() => {
    window.Worker = class extends Worker {
      /** @param {any} message */
      postMessage(message) {
        if (!message.request.includes("crash")) return super.postMessage(message);
        this.onmessage?.(new MessageEvent("message", { data: { id: message.id, error: "it crashed" } }));
      }
    };
  });
  await page.reload();
  await settled(page);
  await choose(page, "rule-read-only-off");
  await choose(page, "mysql");
  for (const tab of ["Changes", "YAML"]) await page.getByRole("tab", { name: tab }).click();
  assert.match(await page.locator("#yaml .cm-content").innerText(), /init-mysql/);
  await paste(page, "# crash\n");
  assert.equal(await summary(page), "it crashed");
  assert.equal((await page.locator("#yaml .cm-content").innerText()).trim(), "");
  assert.equal(await page.locator("#changes li").count(), 0);
  assert.ok(await page.getByRole("button", { name: "Copy YAML" }).isDisabled());
  assert.ok(await page.locator("#problems").isHidden());
  await page.getByRole("tab", { name: "Changes" }).click();
  assert.equal((await page.locator("#diff .cm-content").innerText()).trim(), "");
  await page.getByRole("tab", { name: "Picture" }).click();
  assert.equal(await page.locator("#picture svg").count(), 0);
  assert.equal(await page.locator("#picture-text li").count(), 0);
  await choose(page, "rule-read-only-off");
  await paste(page, "# crash\n");
  assert.equal(await page.locator("#manifests .cm-lintRange-error").count(), 0);
  assert.ok(await page.locator("#problems").isHidden());
});

test("opened as a file it says that it needs a server", async () => {
  const context = await chromium.newContext();
  const page = await context.newPage();
  await page.goto(`file://${join(folder, "index.html")}`);
  await page.locator("#not-started:visible").waitFor();
  assert.match((await page.locator("#not-started").textContent()) ?? "", /opened as a file/);
  await context.close();
});

test("without its files it says so", async () => {
  const context = await chromium.newContext();
  const page = await context.newPage();
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto(server.origin);
  await settled(page);
  assert.match((await summary(page)) ?? "", /could not be loaded/);
  await context.close();
});
