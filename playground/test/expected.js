/**
 * What a picture must show, worked out from what `preview` prints, and from nothing of the picture's own code.
 */

/**
 * @typedef {{kind: string, from: string, to: string, isRefused: boolean}} Arrow
 */

/**
 * @param {any} report of `preview --output json`
 * @returns {{pods: string[], claims: string[], arrows: Arrow[]}}
 */
export function expected(report) {
  const objects = report.objects.filter((/** @type {any} */ one) => one.object);
  const sets = objects.filter((/** @type {any} */ one) => one.kind === "StatefulSet" && one.verdict !== "rejected");
  const clusters = sets.filter((/** @type {any} */ one) => isInjected(one.object));
  /** @type {string[]} */
  const pods = [];
  /** @type {string[]} */
  const claims = [];
  /** @type {Arrow[]} */
  const arrows = [];
  for (const set of clusters) {
    const pod = (/** @type {number} */ ordinal) => `pod/${set.namespace}/${set.name}-${ordinal}`;
    const count = Math.min(set.object.spec.replicas ?? 1, 6);
    for (let ordinal = 0; ordinal < count; ordinal++) {
      pods.push(pod(ordinal));
      for (const { metadata } of set.object.spec.volumeClaimTemplates ?? []) {
        claims.push(`claim/${set.namespace}/${metadata.name}-${set.name}-${ordinal}`);
      }
      if (ordinal === 0) continue;
      arrows.push({ kind: "clones", from: pod(ordinal - 1), to: pod(ordinal), isRefused: false });
      arrows.push({ kind: "follows", from: pod(0), to: pod(ordinal), isRefused: false });
    }
  }
  for (const service of objects.filter((/** @type {any} */ one) => one.kind === "Service")) {
    const { selector, clusterIP } = service.object.spec;
    if (clusterIP === "None" || !selector) continue;
    for (const set of clusters.filter((/** @type {any} */ one) => one.namespace === service.namespace)) {
      const count = Math.min(set.object.spec.replicas ?? 1, 6);
      const chosen = [...Array(count).keys()].filter((ordinal) => {
        const labels = {
          ...set.object.spec.template.metadata.labels,
          "statefulset.kubernetes.io/pod-name": `${set.name}-${ordinal}`,
          "apps.kubernetes.io/pod-index": String(ordinal),
        };
        return Object.entries(selector).every(([key, value]) => labels[key] === value);
      });
      const kind = chosen.length === 1 && chosen[0] === 0 ? "writes" : "reads";
      for (const ordinal of chosen) {
        const [from, to] = [
          `service/${service.namespace}/${service.name}`,
          `pod/${set.namespace}/${set.name}-${ordinal}`,
        ];
        arrows.push({ kind, from, to, isRefused: service.verdict === "rejected" });
      }
    }
  }
  return { pods: pods.sort(), claims: claims.sort(), arrows: arrows.sort(byText) };
}

/** @param {any} object */
function isInjected(object) {
  return (object.spec.template?.spec?.initContainers ?? []).some((/** @type {any} */ one) => one.name === "init-mysql");
}

/**
 * @param {Arrow} a
 * @param {Arrow} b
 */
export function byText(a, b) {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}
