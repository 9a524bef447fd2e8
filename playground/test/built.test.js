/** What is built: how large it is, and what it may ask for. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { folder } from "./support.js";

const MOST = 1_500_000;

test("it is small", (t) => {
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  const sum = (/** @type {(file: Buffer) => Buffer} */ pack) => files.reduce((all, file) => all + pack(file).length, 0);
  const [plain, gzip, brotli] = [sum((file) => file), sum(gzipSync), sum(brotliCompressSync)];
  t.diagnostic(`${files.length} files: ${plain} bytes, ${gzip} by gzip, ${brotli} by brotli`);
  assert.ok(gzip < MOST, `${gzip} bytes by gzip are more than ${MOST}`);
});

test("it says whose work is in it", () => {
  const text = readFileSync(join(folder, "licenses.txt"), "utf8");
  for (const name of ["@codemirror/view", "@lezer/yaml", "style-mod", "saphyr-parser", "serde_json", "wasm-bindgen"]) {
    assert.match(text, new RegExp(`^${name} v?\\d+\\.\\d+.*: .*(MIT|Apache)`, "m"), name);
  }
  assert.match(text, /Permission is hereby granted, free of charge/);
  assert.doesNotMatch(text, /\(\//, "a path of the machine that built it");
});

test("its security policy lets in nothing from elsewhere and nothing written in the page", () => {
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const policy = html.match(/http-equiv="Content-Security-Policy"\s+content="([^"]*)"/)?.[1] ?? "";
  const directives = Object.fromEntries(policy.split(";").map((part) => part.trim().split(/ (.*)/s).slice(0, 2)));
  assert.deepEqual(directives, {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
  });
});

test("texts can be read in light and in dark", () => {
  const css = readFileSync(join(folder, readdirSync(folder).find((name) => name.endsWith(".css")) ?? ""), "utf8");
  const blocks = [...css.matchAll(/\{([^{}]*--(?:c-)?paper:[^{}]*)\}/g)].map(([, block]) =>
    Object.fromEntries(
      [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{3,6})/gi)].map(([, name, colour]) => [name, colour]),
    ),
  );
  assert.ok(blocks.length >= 4, "light and dark, of the page and of the picture");
  for (const colours of blocks) {
    const prefix = "c-paper" in colours ? "c-" : "";
    for (const ground of ["paper", "ground", "box", "active", "bad-box"]) {
      for (const text of ["text", "dim", "link", "bad", "warn", "good", "key", "string", "comment", "meta"]) {
        const [front, back] = [colours[prefix + text], colours[prefix + ground]];
        if (!front || !back) continue;
        const ratio = contrast(front, back);
        // Web Content Accessibility Guidelines 2.2, "Contrast (Minimum)"
        assert.ok(ratio >= 4.5, `${text} on ${ground}: ${front} on ${back} is ${ratio.toFixed(2)}`);
      }
    }
  }
});

/**
 * @param {string} one
 * @param {string} other
 */
function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** @param {string} colour */
function luminance(colour) {
  const hex = colour.length === 4 ? colour.replace(/[0-9a-f]/gi, "$&$&") : colour;
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
