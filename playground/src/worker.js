/** The thread in which the policy runs, so that the page answers keys meanwhile, and can end it. */
import init, { preview } from "#bindings";
import { compilePolicy } from "./policy.js";

/** @param {string} url */
async function bytes(url) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new Error(`A part of the page could not be loaded: ${url}`);
  return response.arrayBuffer();
}

const here = import.meta.url;
const ready = Promise.all([
  bytes(new URL(__POLICY__, here).href).then(compilePolicy),
  bytes(new URL(__PAGE__, here).href).then((module) => init({ module_or_path: module })),
]);

/** @param {MessageEvent<{id: number, request: string}>} event */
self.onmessage = async ({ data: { id, request } }) => {
  try {
    await ready;
    const begin = performance.now();
    const answer = preview(request);
    self.postMessage({ id, answer, milliseconds: performance.now() - begin });
  } catch (error) {
    self.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
};
ready.catch(() => {});
