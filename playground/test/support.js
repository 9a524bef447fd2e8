/** The page on a server of its own, in Debian's Chromium. */
import { createReadStream, existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where the page was built. */
export const folder = join(root, "target/playground");
const screenshots = join(root, "target/playground-screenshots");
const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
});
/** Chromium's own connections, which have nothing to do with the page. */
const QUIET = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Serves folders as any static host would, the first that has a file.
 * @param {string[]} folders
 */
export async function serve(...folders) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    const files = folders.map((one) => join(one, path.endsWith("/") ? `${path}index.html` : path));
    const file = files.find((one) => existsSync(one));
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

export async function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", ...QUIET],
  });
}

/**
 * What a page did that it must not: errors on its console, requests to other hosts, and what failed.
 * @param {import("playwright-core").BrowserContext} context
 * @param {string} origin
 */
export function watch(context, origin) {
  /** @type {string[]} */
  const faults = [];
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => faults.push(`error: ${error.error().message}`));
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) faults.push(`request: ${url}`);
  });
  context.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  return faults;
}

/**
 * Waits until the page has answered what is on it.
 * @param {import("playwright-core").Page} page
 */
export async function settled(page) {
  await page.waitForFunction(() => document.body.dataset.state === "done", undefined, { timeout: 60_000 });
}

/**
 * Pastes over all of an editor's text, and waits for the answer.
 * @param {import("playwright-core").Page} page
 * @param {string} text
 * @param {string} [id]
 */
export async function paste(page, text, id = "manifests") {
  const content = page.locator(`#${id} .cm-content`);
  await content.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.evaluate(() => (document.body.dataset.state = "waiting"));
  if (text === "") await page.keyboard.press("Delete");
  else {
    await content.evaluate((one, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      one.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
  }
  await settled(page);
}

/**
 * Chooses an example.
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
export async function choose(page, name) {
  await page.evaluate(() => (document.body.dataset.state = "waiting"));
  await page.selectOption("#examples", name);
  await settled(page);
}

/**
 * @param {import("playwright-core").Page} page
 * @param {string} name
 */
export async function screenshot(page, name) {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
}
