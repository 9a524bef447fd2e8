/**
 * Builds the page: `node build.js FOLDER` writes it into that folder, from `policy.wasm` of the repository and from
 * `target/playground-bindings`, where `make playground` has put what belongs to the Rust code.
 */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { examples } from "./examples.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..");
const bindings = join(root, "target/playground-bindings");
const target = process.argv[2] ? join(process.cwd(), process.argv[2]) : join(root, "target/playground");

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

/**
 * Copies a file under a name that changes with its content, so that no cache mixes two versions.
 * @param {string} from
 * @param {string} name
 */
function copy(from, name) {
  const digest = createHash("sha256").update(readFileSync(from)).digest("hex").slice(0, 8);
  const [stem, extension] = name.split(".");
  const named = `${stem}-${digest}.${extension}`;
  copyFileSync(from, join(target, named));
  return named;
}

/** Where the rules' pages are, in the version of this page; crates/verdicts/src/link.rs has the same. */
function rulesAddress() {
  const [, version] = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^version = "(.*)"$/m) ?? [];
  const [, repository] = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^repository = "(.*)"$/m) ?? [];
  return `${repository}/blob/v${version}/docs/rules`;
}

const rules = rulesAddress();
const policy = copy(join(root, "policy.wasm"), "policy.wasm");
const page = copy(join(bindings, "page_bg.wasm"), "page.wasm");

/** @type {import("esbuild").BuildOptions} */
const options = {
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  entryNames: "[name]-[hash]",
  outdir: target,
  metafile: true,
  logLevel: "warning",
  alias: { "#bindings": join(bindings, "page.js"), "#policy": join(here, "src/policy.js") },
};

/** The packages of npm that are in the page. */
const bundled = new Set();

/**
 * @param {string} entry
 * @param {Record<string, string>} define
 */
async function bundle(entry, define = {}) {
  const values = Object.fromEntries(Object.entries(define).map(([key, value]) => [key, JSON.stringify(value)]));
  const result = await build({ ...options, entryPoints: [join(here, entry)], define: values });
  for (const file of Object.keys(result.metafile?.inputs ?? {})) {
    const name = file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
    if (name) bundled.add(name);
  }
  return basename(Object.keys(result.metafile?.outputs ?? {})[0]);
}

/** Whose work is in the page: the packages of npm with their licenses, and the crates with the names of theirs. */
function licenses() {
  const packages = [...bundled].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = readFileSync(
      join(folder, readdirSync(folder).find((file) => /^licen[cs]e/i.test(file)) ?? ""),
      "utf8",
    );
    return `${name} ${version}: ${license}\n\n${text.trim()}\n`;
  });
  const crates = readFileSync(join(bindings, "crates.txt"), "utf8");
  return [`This page is under the Apache License 2.0. In it are:\n\n${crates}`, ...packages].join("\n---\n\n");
}

const worker = await bundle("src/worker.js", { __POLICY__: `./${policy}`, __PAGE__: `./${page}` });
const examplesFile = join(target, "examples.json");
writeFileSync(examplesFile, JSON.stringify(examples));
options.alias = { ...options.alias, "#examples": examplesFile };
const main = await bundle("src/main.js", { __WORKER__: `./${worker}`, __RULES__: rules });
rmSync(examplesFile);
const style = await bundle("src/style.css");

writeFileSync(join(target, "licenses.txt"), licenses());
const html = readFileSync(join(here, "index.html"), "utf8").replace("style.css", style).replace("main.js", main);
writeFileSync(join(target, "index.html"), html);
