/** What is on the page as the address behind `#`, and back. Nothing of it goes to a server: browsers keep that part. */

/** More letters than this no address should have: messengers and browsers cut longer ones. */
export const LONGEST = 32_000;
/** No state is larger, so that an address cannot fill the memory. */
const LARGEST = 8 << 20;
const EXAMPLE = "example=";
const STATE = "state=";

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {Promise<Uint8Array>}
 */
async function all(stream) {
  /** @type {Uint8Array[]} */
  const pieces = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > LARGEST) throw new Error("it is too large");
    pieces.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * The part of the address for a state.
 * @param {import("./judge.js").State} state
 */
export async function pack(state) {
  const text = JSON.stringify([state.manifests, state.settings, state.inject ? 1 : 0]);
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = await all(stream);
  let letters = "";
  for (let at = 0; at < bytes.length; at += 0x8000) letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return STATE + btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * What an address says: the name of an example, or a state. `undefined` where it says neither.
 * @param {string} hash with its `#`
 * @returns {Promise<string | import("./judge.js").State | undefined>}
 * @throws where it was cut or changed on its way
 */
export async function unpack(hash) {
  const text = hash.replace(/^#/, "");
  if (text.startsWith(EXAMPLE)) return decodeURIComponent(text.slice(EXAMPLE.length));
  if (!text.startsWith(STATE)) return undefined;
  const letters = atob(text.slice(STATE.length).replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const [manifests, settings, inject] = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await all(stream)));
  if (typeof manifests !== "string" || typeof settings !== "string") throw new Error("it is none of this page");
  return { manifests, settings, inject: inject === 1 };
}

/**
 * The part of the address for an example.
 * @param {string} name
 */
export function exampleHash(name) {
  return EXAMPLE + encodeURIComponent(name);
}
