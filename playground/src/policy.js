/**
 * The policy's module, called as a policy server calls it: the host's side of waPC, and what of WASI the module asks
 * for, which is next to nothing. `preview/src/host` is the same for an interpreter.
 *
 * It is no package of npm: the one that is there, @wapc/host, knows one of the five functions of WASI, reads the module
 * anew for each instance, and answers only later, while Rust waits for this answer (docs/decisions/0007-playground.md).
 */

/** The first byte of an answer, on either side; crates/playground/src/browser.rs has the same. */
const DONE = 0;
const REFUSED = 1;
const CRASHED = 2;

/** The `errno` of WASI for what went well, and for a file that is not open. */
const SUCCESS = 0;
const BAD_FILE = 8;
/** What a module may export to be called once, in this order (waPC's `wapc_functions::REQUIRED_STARTS`). */
const STARTS = ["_start", "_initialize", "wapc_init"];
/** No module writes more pieces at once. */
const PIECES = 1024;
/** So many random bytes a browser gives at once (Web Cryptography, `getRandomValues`). */
const RANDOM = 65536;

const encoder = new TextEncoder();
// Bytes that are no text are a fault of the module, and not to be guessed at.
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @type {WebAssembly.Module | undefined} */
let policy;

/** A module that ends by itself. */
class Exit extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`it exited with status ${status}`);
    this.status = status;
  }
}

/**
 * Compiles the policy's module; every call has an instance of its own.
 * @param {BufferSource} bytes
 */
export async function compilePolicy(bytes) {
  policy = await WebAssembly.compile(bytes);
}

/**
 * @callback LookUp
 * @param {string} binding
 * @param {string} namespace
 * @param {string} operation
 * @param {Uint8Array} payload
 * @returns {Uint8Array} a byte that says what it is, and the answer or the error
 */

/**
 * Calls a function of the policy in a fresh instance.
 * @param {string} name
 * @param {Uint8Array} payload
 * @param {LookUp} lookUp
 * @returns {Uint8Array} a byte that says what it is, and the answer, the policy's error, or why it crashed
 */
export function callPolicy(name, payload, lookUp) {
  // It may lie in a memory that moves while a look-up is answered.
  const call = new Call(encoder.encode(name), payload.slice(), lookUp);
  try {
    return call.run();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return told(CRASHED, encoder.encode(call.said ? `${said}: ${call.said.trim()}` : said));
  }
}

/**
 * @param {number} what
 * @param {Uint8Array} bytes
 */
function told(what, bytes) {
  const all = new Uint8Array(bytes.length + 1);
  all[0] = what;
  all.set(bytes, 1);
  return all;
}

/** What host and module hand to each other in one call. */
class Call {
  /**
   * @param {Uint8Array} name
   * @param {Uint8Array} payload
   * @param {LookUp} lookUp
   */
  constructor(name, payload, lookUp) {
    this.name = name;
    this.payload = payload;
    this.lookUp = lookUp;
    /** @type {Uint8Array | undefined} */
    this.answer = undefined;
    /** @type {string | undefined} */
    this.error = undefined;
    /** @type {Uint8Array} */
    this.found = new Uint8Array();
    /** @type {Uint8Array} */
    this.lookUpError = new Uint8Array();
    /** What it writes to its standard output and error: a panic's message. */
    this.said = "";
    /** @type {WebAssembly.Memory} */
    this.memory = new WebAssembly.Memory({ initial: 0 });
  }

  run() {
    if (!policy) throw new Error("there is no policy yet");
    const instance = new WebAssembly.Instance(policy, {
      wapc: this.wapc(),
      wasi_snapshot_preview1: this.wasi(),
    });
    const { memory, __guest_call: guestCall } = instance.exports;
    if (!(memory instanceof WebAssembly.Memory)) throw new Error("it exports no memory");
    if (typeof guestCall !== "function") throw new Error("it exports no __guest_call");
    this.memory = memory;
    for (const start of STARTS) begin(instance.exports[start]);
    const done = guestCall(this.name.length, this.payload.length);
    if (done && this.answer) return told(DONE, this.answer);
    return told(REFUSED, encoder.encode(this.error ?? "it gave no answer, and no error"));
  }

  /**
   * The bytes at an address of the module's memory.
   * @param {number} at
   * @param {number} length
   */
  bytes(at, length) {
    const [start, size] = [at >>> 0, length >>> 0];
    if (start + size > this.memory.buffer.byteLength) throw new Error("it names an address outside of its memory");
    return new Uint8Array(this.memory.buffer, start, size);
  }

  /**
   * @param {number} at
   * @param {number} length
   */
  text(at, length) {
    return decoder.decode(this.bytes(at, length));
  }

  /**
   * @param {number} at
   * @param {Uint8Array} bytes
   */
  put(at, bytes) {
    this.bytes(at, bytes.length).set(bytes);
  }

  /**
   * @param {number} at
   * @param {number} number
   */
  putNumber(at, number) {
    const bytes = this.bytes(at, 4);
    new DataView(bytes.buffer, bytes.byteOffset, 4).setUint32(0, number, true);
  }

  /** @param {number} at */
  number(at) {
    const bytes = this.bytes(at, 4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  /**
   * waPC's host functions (its specification, "Host exports").
   * @returns {Record<string, (...numbers: number[]) => number | void>}
   */
  wapc() {
    return {
      __guest_request: (name, payload) => {
        this.put(name, this.name);
        this.put(payload, this.payload);
      },
      __guest_response: (at, length) => {
        this.answer = this.bytes(at, length).slice();
      },
      __guest_error: (at, length) => {
        this.error = this.text(at, length);
      },
      __host_call: (binding, bindingLength, namespace, namespaceLength, operation, operationLength, at, length) => {
        const answer = this.lookUp(
          this.text(binding, bindingLength),
          this.text(namespace, namespaceLength),
          this.text(operation, operationLength),
          this.bytes(at, length).slice(),
        );
        const isFound = answer[0] === DONE;
        this.found = isFound ? answer.subarray(1) : new Uint8Array();
        this.lookUpError = isFound ? new Uint8Array() : answer.subarray(1);
        return isFound ? 1 : 0;
      },
      __host_response_len: () => this.found.length,
      __host_response: (at) => this.put(at, this.found),
      __host_error_len: () => this.lookUpError.length,
      __host_error: (at) => this.put(at, this.lookUpError),
      __console_log: () => {},
    };
  }

  /**
   * What the module asks of the system: no files, no arguments, no environment, no clock (WASI preview 1).
   * @returns {Record<string, (...numbers: number[]) => number>}
   */
  wasi() {
    return {
      environ_sizes_get: (count, size) => {
        this.putNumber(count, 0);
        this.putNumber(size, 0);
        return SUCCESS;
      },
      environ_get: () => SUCCESS,
      proc_exit: (status) => {
        throw new Exit(status);
      },
      random_get: (at, length) => {
        const bytes = this.bytes(at, length);
        for (let start = 0; start < bytes.length; start += RANDOM) {
          crypto.getRandomValues(bytes.subarray(start, start + RANDOM));
        }
        return SUCCESS;
      },
      fd_write: (file, pieces, count, written) => {
        if (file !== 1 && file !== 2) return BAD_FILE;
        let length = 0;
        for (let index = 0; index < Math.min(count >>> 0, PIECES); index++) {
          const [at, size] = [this.number(pieces + index * 8), this.number(pieces + index * 8 + 4)];
          this.said += new TextDecoder().decode(this.bytes(at, size));
          length += size;
        }
        this.putNumber(written, length);
        return SUCCESS;
      },
    };
  }
}

/** @param {unknown} start */
function begin(start) {
  if (typeof start !== "function") return;
  try {
    start();
  } catch (error) {
    // A program that ends by itself has begun as well.
    if (!(error instanceof Exit && error.status === 0)) throw error;
  }
}
