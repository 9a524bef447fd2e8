//! The policies of Kubewarden that run this policy's module.

use mysql_replication_host::Policy;
use serde_json::{Value, json};

use super::kubectl::{Failure, Kubectl};
use super::{Checks, Section, version};

/// What a policy is recognised by, in its module's address or its own name.
const MARK: &str = "mysql-replication";
const CLUSTER_WIDE: &str = "clusteradmissionpolicies.policies.kubewarden.io";
const OF_NAMESPACE: &str = "admissionpolicies.policies.kubewarden.io";
/// What the policy looks up, and the fields of `policy-metadata` say the same.
pub(super) const LOOKED_UP: [(&str, &str); 3] = [("v1", "Service"), ("v1", "ConfigMap"), ("apps/v1", "StatefulSet")];
/// What the injecting policy must be asked about, by resource.
const ASKED: [&str; 3] = ["statefulsets", "services", "configmaps"];

/// The policy that injects.
pub(super) struct Injector {
    pub(super) label: String,
    spec: Value,
    /// Whether this version of the policy takes its settings.
    has_good_settings: bool,
}

impl Injector {
    /// Those that the policy of this version is asked with.
    pub(super) fn settings(&self) -> Value {
        if self.has_good_settings { settings(&self.spec) } else { json!({}) }
    }

    /// The name of the policy server that runs it.
    pub(super) fn server(&self) -> &str {
        self.spec["policyServer"].as_str().filter(|name| !name.is_empty()).unwrap_or("default")
    }

    pub(super) fn selector(&self) -> &Value {
        &self.spec["namespaceSelector"]
    }

    pub(super) fn is_in_monitor_mode(&self) -> bool {
        is_in_monitor_mode(&self.spec)
    }
}

/// Checks all of them, and gives the one that injects.
pub(super) fn check(kubectl: &Kubectl, policy: &Policy, checks: &mut Checks) -> Option<Injector> {
    checks.section(Section::Policy);
    let mut found = Vec::new();
    for (kind, namespace) in [(CLUSTER_WIDE, None), (OF_NAMESPACE, None)] {
        match kubectl.list(kind, namespace) {
            Ok(items) => found.extend(items.into_iter().filter(is_ours)),
            Err(Failure::NoSuchKind) => {
                let hint = "install Kubewarden first: https://docs.kubewarden.io/quick-start";
                checks.bad("kubewarden", "Kubewarden is not installed: the cluster does not know its policies", hint);
                return None;
            }
            Err(failure) => {
                checks.failed("policy-installed", kind, &failure);
                // without the one kind nothing can be said; the other is seldom used
                if kind == CLUSTER_WIDE {
                    return None;
                }
            }
        }
    }
    if found.is_empty() {
        let hint = "install it: `helm install mysql-replication charts/mysql-replication-policy -n kubewarden`";
        checks.bad("policy-installed", "the policy is not installed: no policy has its module", hint);
        return None;
    }
    let mut injector = None;
    for object in &found {
        let is_good = one(object, policy, checks);
        if injects(&object["spec"]) {
            let injector_of =
                Injector { label: label(object), spec: object["spec"].clone(), has_good_settings: is_good };
            injector.get_or_insert(injector_of);
        }
    }
    match &injector {
        Some(injector) => injects_well(injector, checks),
        None => checks.bad(
            "policy-rules",
            "no policy injects: none is mutating and is asked about StatefulSets",
            "install both policies: the chart, or `kubectl apply -k policy-metadata`",
        ),
    }
    same_settings(&found, checks);
    injector
}

fn is_ours(object: &Value) -> bool {
    let has_mark = |value: &Value| value.as_str().is_some_and(|text| text.contains(MARK));
    has_mark(&object["spec"]["module"]) || has_mark(&object["metadata"]["name"])
}

fn label(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&object["metadata"]["name"]);
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("{} {namespace}/{name}", text(&object["kind"])),
        None => format!("{} {name}", text(&object["kind"])),
    }
}

fn settings(spec: &Value) -> Value {
    if spec["settings"].is_object() { spec["settings"].clone() } else { json!({}) }
}

fn is_in_monitor_mode(spec: &Value) -> bool {
    spec["mode"] == "monitor"
}

fn injects(spec: &Value) -> bool {
    spec["mutating"] == true && asks_about(spec, "statefulsets", "CREATE")
}

fn asks_about(spec: &Value, resource: &str, operation: &str) -> bool {
    let has = |list: &Value, wanted: &str| {
        list.as_array().is_some_and(|list| list.iter().any(|entry| entry == wanted || entry == "*"))
    };
    let rules = spec["rules"].as_array().map(Vec::as_slice).unwrap_or_default();
    rules.iter().any(|rule| has(&rule["resources"], resource) && has(&rule["operations"], operation))
}

/// What holds for each of them; whether this version takes its settings.
fn one(object: &Value, policy: &Policy, checks: &mut Checks) -> bool {
    let label = label(object);
    let spec = &object["spec"];
    match object["status"]["policyStatus"].as_str() {
        Some("active") => checks.ok("policy-active", format!("{label} is active")),
        status => {
            let status = status.unwrap_or("without a status");
            let reason = reason(object).map(|reason| format!(" ({reason})")).unwrap_or_default();
            checks.bad(
                "policy-active",
                format!("{label} is {status}{reason}"),
                "the log of the policy server says why: `kubectl logs -n kubewarden -l kubewarden/policy-server`",
            );
        }
    }
    if is_in_monitor_mode(spec) {
        checks.warning(
            "policy-mode",
            format!("{label} is in monitor mode: nothing is rejected, and nothing is injected"),
            "the next step of the roll-out: `--set rollout=warn`, or `mode: protect` in the manifest",
        );
    } else {
        checks.ok("policy-mode", format!("{label} is in protect mode"));
    }
    of_this_version(object, &label, checks);
    let is_listed = |(api_version, kind): &(&str, &str)| {
        let resources = spec["contextAwareResources"].as_array().map(Vec::as_slice).unwrap_or_default();
        resources.iter().any(|resource| resource["apiVersion"] == *api_version && resource["kind"] == *kind)
    };
    let missing: Vec<&str> = LOOKED_UP.iter().filter(|wanted| !is_listed(wanted)).map(|(_, kind)| *kind).collect();
    if missing.is_empty() {
        checks.ok("policy-look-ups", format!("{label} may look up Services, ConfigMaps and StatefulSets"));
    } else {
        checks.bad(
            "policy-look-ups",
            format!("{label} may not look up {}: its contextAwareResources lack them", missing.join(", ")),
            "take contextAwareResources from policy-metadata/cluster-admission-policy.yaml",
        );
    }
    let (is_good, message) = match policy.validate_settings(&settings(spec)) {
        Ok(answer) => (answer.valid, answer.message.unwrap_or_default()),
        Err(error) => (false, error.to_string()),
    };
    if is_good {
        checks.ok("policy-settings", format!("{label} has settings that version {} takes", version::OWN));
    } else {
        checks.bad(
            "policy-settings",
            format!("{label} has settings that version {} refuses: {}", version::OWN, message.trim()),
            "every setting is in the reference",
        );
    }
    is_good
}

/// The first condition that does not hold, in Kubewarden's words.
fn reason(object: &Value) -> Option<String> {
    let conditions = object["status"]["conditions"].as_array()?;
    let condition = conditions.iter().find(|condition| condition["status"] != "True")?;
    let text = |key: &str| condition[key].as_str().filter(|text| !text.is_empty());
    Some(format!("{}: {}", text("type")?, text("message").or_else(|| text("reason"))?))
}

fn of_this_version(object: &Value, label: &str, checks: &mut Checks) {
    let module = object["spec"]["module"].as_str().unwrap_or_default();
    // the chart's label, where the module has a digest in place of its tag
    let found = version::of_image(module)
        .or_else(|| object["metadata"]["labels"]["app.kubernetes.io/version"].as_str())
        .unwrap_or_default();
    match found {
        version::OWN => checks.ok("policy-version", format!("{label} is version {found}, as this program")),
        "" => checks.warning(
            "policy-version",
            format!("{label} does not tell its version: {module}"),
            "what is said below is what version ".to_owned() + version::OWN + " would do",
        ),
        _ => checks.warning(
            "policy-version",
            format!("{label} is version {found}, and this program {}", version::OWN),
            "take the program of the policy's version; what is said below is what this one would do",
        ),
    }
}

fn injects_well(injector: &Injector, checks: &mut Checks) {
    let Injector { label, spec, .. } = injector;
    let missing: Vec<String> = ASKED
        .iter()
        .flat_map(|resource| ["CREATE", "UPDATE"].map(|operation| (resource, operation)))
        .filter(|(resource, operation)| !asks_about(spec, resource, operation))
        .map(|(resource, operation)| format!("{operation} of {resource}"))
        .collect();
    if missing.is_empty() {
        checks.ok("policy-rules", format!("{label} injects, and is asked about Services and ConfigMaps, too"));
    } else {
        checks.bad(
            "policy-rules",
            format!("{label} is not asked about {}", missing.join(", ")),
            "take its rules from policy-metadata/cluster-admission-policy.yaml",
        );
    }
    if spec["failurePolicy"] == "Ignore" && !is_in_monitor_mode(spec) {
        checks.warning(
            "policy-failure",
            format!("{label} has failurePolicy Ignore: while the policy server is away nothing is injected"),
            "write Fail: a plain MySQL of three Pods would be three databases",
        );
    } else {
        checks.ok("policy-failure", format!("{label} has a failurePolicy that goes with its mode"));
    }
}

/// Two policies of one module have to judge by the same settings.
fn same_settings(found: &[Value], checks: &mut Checks) {
    let [first, rest @ ..] = found else { return };
    let others = rest.iter().filter(|other| settings(&other["spec"]) != settings(&first["spec"]));
    for other in others {
        checks.warning(
            "policy-settings",
            format!("{} and {} have different settings", label(first), label(other)),
            "write all settings into both: each judges what it is asked about",
        );
    }
}
