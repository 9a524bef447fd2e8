/** What the page has to choose from: the folders of `examples/`, and what each rule's document shows as failing. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {{name: string, title: string, group: string, manifests: string, settings: string, rule?: string}} Example
 */

/** The folders, with what they show; `examples/` by itself comes first. */
const FOLDERS = {
  "": "MySQL with three pods",
  "password-from-secret": "Password from a Secret, and an application",
  mariadb: "MariaDB",
  "mysql-8.4": "MySQL 8.4 with the clone plugin",
  hardened: "A hardened namespace",
  "network-policy": "Network policies",
  "kustomize/base": "The base of a kustomization",
  backup: "A daily backup of MariaDB",
};
/** What belongs to what another folder has. */
const BESIDE = /** @type {Record<string, string>} */ ({ backup: "mariadb" });

/** @param {string} folder */
function files(folder) {
  const path = join(root, "examples", folder);
  return readdirSync(path)
    .filter((name) => name.endsWith(".yaml") && name !== "kustomization.yaml")
    .sort()
    .map((name) => readFileSync(join(path, name), "utf8"));
}

/** @param {string[]} texts */
function joined(texts) {
  return texts.map((text) => text.trimEnd() + "\n").join("---\n");
}

/** @returns {Example[]} */
function folders() {
  return Object.entries(FOLDERS).map(([folder, title]) => {
    const beside = BESIDE[folder];
    const texts = beside === undefined ? files(folder) : [...files(beside), ...files(folder)];
    const name = folder === "" ? "mysql" : folder.replace("/", "-");
    return { name, title, group: "Examples", manifests: joined(texts), settings: "" };
  });
}

/**
 * What the document shows of the cluster is only looked up there. On the page it is judged as well, and would be
 * refused for having no password.
 * @param {string} yaml
 */
function withPassword(yaml) {
  const container = /\{name: (\w+), image: "?([\w./:-]+)"?\}/g;
  return yaml.replace(container, '{name: $1, image: "$2", env: [{name: MYSQL_ALLOW_EMPTY_PASSWORD, value: "1"}]}');
}

/**
 * The first example of each rule that fails by itself: not as the update of what was stored before, and not where
 * nothing may be looked up.
 * @returns {Example[]}
 */
function rules() {
  const document = readFileSync(join(root, "docs/rules.md"), "utf8");
  const sections = document.split("\n### ").slice(1);
  return sections.flatMap((section) => {
    const id = section.slice(0, section.indexOf("\n"));
    const pieces = section.split("\n## ")[0].split("```");
    let [cluster, settings] = ["", ""];
    for (let index = 0; index + 1 < pieces.length; index += 2) {
      const label = pieces[index]
        .trimEnd()
        .split("\n")
        .at(-1)
        ?.match(/^\*\*([^*]+):\*\*/)?.[1];
      const yaml = pieces[index + 1].replace(/^yaml\n/, "");
      if (label === "Stored before") return [];
      if (label === "In the cluster") cluster = withPassword(yaml);
      if (label === "Settings") settings = yaml;
      if (label !== "Fails") continue;
      const manifests = `# ${id}: what this rule is about\n` + joined([yaml, cluster].filter(Boolean));
      return [{ name: `rule-${id}`, title: id, group: "What a rule refuses", manifests, settings, rule: id }];
    }
    return [];
  });
}

/** All of them, in the order in which they are offered. */
export const examples = [...folders(), ...rules()];
