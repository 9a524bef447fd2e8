/** Asks the worker, and has it begin anew where it takes too long. */

/** So long one answer may take, in milliseconds; a slow machine with megabytes of manifests needs seconds. */
const LIMIT = 60_000;

/**
 * @typedef {{manifests: string, settings: string, inject: boolean}} State what is on the page
 * @typedef {State & {narrow: boolean}} Question
 * @typedef {{report?: string, manifests: string, settingsError?: string, picture: string, words: string[]}}
 *   Answer
 */

export class Judge {
  /**
   * @param {string} url the worker's
   * @param {number} [limit] so many milliseconds an answer may take
   */
  constructor(url, limit = LIMIT) {
    this.limit = limit;
    // A worker from an address of its own would have a security policy of its own, which a static host cannot give it.
    const code = `import ${JSON.stringify(url)};`;
    this.blob = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
    this.id = 0;
    /** @type {Worker | undefined} */
    this.worker = undefined;
    /** @type {{question: Question, done: (answer: Answer) => void, failed: (error: Error) => void} | undefined} */
    this.waiting = undefined;
    this.isBusy = false;
  }

  /**
   * Judges what is on the page. While the worker is busy only the newest question waits; one that was put aside for a
   * newer one is never answered.
   * @param {Question} question
   * @returns {Promise<Answer>}
   */
  ask(question) {
    return new Promise((done, failed) => {
      this.waiting = { question, done, failed };
      if (!this.isBusy) this.next();
    });
  }

  next() {
    if (!this.waiting) return;
    const { question, done, failed } = this.waiting;
    this.waiting = undefined;
    this.isBusy = true;
    const worker = (this.worker ??= new Worker(this.blob, { type: "module" }));
    const id = ++this.id;
    const late = () => this.end(failed, "The policy did not answer in time. Try it with less YAML.");
    const timer = setTimeout(late, this.limit);
    const finish = () => {
      clearTimeout(timer);
      this.isBusy = false;
      this.next();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      this.end(failed, `The policy could not be started: ${event.message ?? "its files are not there"}`);
    };
    worker.onmessage = ({ data }) => {
      if (data.id !== id) return;
      if (data.error === undefined) done(JSON.parse(data.answer));
      else {
        // What has crashed once may be in any state.
        this.worker?.terminate();
        this.worker = undefined;
        failed(new Error(data.error));
      }
      finish();
    };
    worker.postMessage({ id, request: JSON.stringify(question) });
  }

  /**
   * @param {(error: Error) => void} failed
   * @param {string} message
   */
  end(failed, message) {
    this.worker?.terminate();
    this.worker = undefined;
    this.isBusy = false;
    failed(new Error(message));
    this.next();
  }
}
