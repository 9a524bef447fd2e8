/** What the build puts in. */
declare const __POLICY__: string;
declare const __PAGE__: string;
declare const __WORKER__: string;
declare const __RULES__: string;

declare module "#examples" {
  const examples: import("../examples.js").Example[];
  export default examples;
}

declare module "#bindings" {
  /** Makes the module ready. */
  export default function init(options: { module_or_path: BufferSource }): Promise<unknown>;
  /** Judges a request, as JSON. */
  export function preview(request: string): string;
}
