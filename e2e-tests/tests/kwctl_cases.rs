//! The cases of the kwctl tests, through the project's own host: kwctl is not to be had everywhere.

use std::{
    collections::{BTreeSet, VecDeque},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use mysql_replication_e2e_tests::{policy, root};
use mysql_replication_preview::{Cluster, HostCall, Response};
use serde::Deserialize;
use serde_json::Value;

/// The API server may cut longer warnings.
const WARNING_LIMIT: usize = 120;

/// A look-up, as kwctl records it (its `CallbackRequestType`) and as the policy asks for it.
#[derive(Debug, Deserialize, PartialEq)]
enum Request {
    KubernetesGetResource(Get),
    KubernetesListResourceNamespace(List),
}

#[derive(Debug, Deserialize, PartialEq)]
struct Get {
    api_version: String,
    kind: String,
    name: String,
    namespace: Option<String>,
    disable_cache: bool,
    field_masks: Option<BTreeSet<String>>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct List {
    api_version: String,
    kind: String,
    namespace: String,
    label_selector: Option<String>,
    field_selector: Option<String>,
    field_masks: Option<BTreeSet<String>>,
}

impl Request {
    fn of(call: &HostCall) -> Result<Self, String> {
        let request = match (call.binding, call.namespace, call.operation) {
            ("kubewarden", "kubernetes", "get_resource") => {
                serde_json::from_slice(call.payload).map(Self::KubernetesGetResource)
            }
            ("kubewarden", "kubernetes", "list_resources_by_namespace") => {
                serde_json::from_slice(call.payload).map(Self::KubernetesListResourceNamespace)
            }
            (binding, namespace, operation) => return Err(format!("a call of {binding} {namespace}/{operation}")),
        };
        request.map_err(|error| error.to_string())
    }

    fn resource(&self) -> (&str, &str) {
        let (Self::KubernetesGetResource(Get { api_version, kind, .. })
        | Self::KubernetesListResourceNamespace(List { api_version, kind, .. })) = self;
        (api_version, kind)
    }

    /// The host capability that it takes.
    fn capability(&self) -> &'static str {
        match self {
            Self::KubernetesGetResource(_) => "kubernetes/get_resource",
            Self::KubernetesListResourceNamespace(_) => "kubernetes/list_resources_by_namespace",
        }
    }
}

/// What a host does not let a policy do.
#[derive(Clone, Copy, Debug)]
enum Denied {
    /// Any resource.
    Resources,
    /// The host capability itself.
    Capability,
}

impl Denied {
    /// Of the sessions that stand for no record.
    fn of(session: &str) -> Option<Self> {
        match session {
            "-" => Some(Self::Resources),
            "!" => Some(Self::Capability),
            _ => None,
        }
    }

    /// The host's words.
    fn answer(self, asked: &Request) -> String {
        let what = match self {
            Self::Resources => {
                let (api_version, kind) = asked.resource();
                format!("Kubernetes {api_version}/{kind} resources")
            }
            Self::Capability => format!("the '{}' host capability", asked.capability()),
        };
        format!("Policy has not been granted access to {what}. The violation has been reported.")
    }
}

#[derive(Debug, Deserialize)]
struct Exchange {
    /// YAML within YAML.
    request: String,
    response: Outcome,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Outcome {
    Success { payload: String },
    Error { message: String },
}

/// Plays a session as kwctl does: each call must be the next of the record. Without a record nothing may be looked up.
#[derive(Debug)]
struct Replay {
    denied: Option<Denied>,
    left: Mutex<VecDeque<Exchange>>,
    mistakes: Mutex<Vec<String>>,
}

impl Replay {
    fn of(session: &str) -> Self {
        let read = || {
            let path = folder().join(format!("sessions/{session}.yaml"));
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let denied = Denied::of(session);
        let left = if denied.is_some() { VecDeque::new() } else { read() };
        Self { denied, left: Mutex::new(left), mistakes: Mutex::default() }
    }

    fn next(&self, asked: &Request) -> Result<Vec<u8>, String> {
        if let Some(denied) = self.denied {
            return Err(denied.answer(asked));
        }
        let Some(exchange) = self.left.lock().unwrap_or_else(PoisonError::into_inner).pop_front() else {
            return Err(self.mistake(format!("nothing is left of the session for {asked:?}")));
        };
        match serde_saphyr::from_str::<Request>(&exchange.request) {
            Ok(expected) if expected == *asked => {}
            Ok(expected) => return Err(self.mistake(format!("expected {expected:?},\n but {asked:?}"))),
            Err(error) => return Err(self.mistake(format!("{error} in the recorded request {}", exchange.request))),
        }
        match exchange.response {
            Outcome::Success { payload } => Ok(payload.into_bytes()),
            Outcome::Error { message } => Err(format!("Callback evaluation failure: {message}")),
        }
    }

    /// The policy may well accept an object after a look-up that failed, so mistakes are kept for the end.
    fn mistake(&self, mistake: String) -> String {
        self.mistakes.lock().unwrap_or_else(PoisonError::into_inner).push(mistake.clone());
        mistake
    }

    /// Was the session played to its end, and nothing else asked?
    fn finish(&self) -> Result<(), String> {
        let mut mistakes = self.mistakes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        mistakes.extend(left.iter().map(|exchange| format!("was not asked for:\n{}", exchange.request)));
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes.join("\n")) }
    }
}

impl Cluster for Replay {
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        let asked = Request::of(call).map_err(|error| self.mistake(error))?;
        self.next(&asked)
    }
}

fn folder() -> PathBuf {
    root().join("e2e-tests/kwctl")
}

/// The answer to a request under a session, and whether the session fits.
fn answer(request: &str, session: &str, settings: &str) -> (Response, Result<(), String>) {
    let text = fs::read_to_string(folder().join(format!("requests/{request}.json"))).expect("a request");
    let request: Value = serde_json::from_str(&text).expect("JSON");
    let settings: Value = serde_json::from_str(settings).expect("settings");
    let replay = Arc::new(Replay::of(session));
    let answer = policy().validate(&request, &settings, replay.clone()).expect("an answer");
    (answer, replay.finish())
}

/// A line of `cases.tsv`.
struct Case<'l> {
    request: &'l str,
    session: &'l str,
    settings: &'l str,
    verdict: &'l str,
    /// Of the message or of a warning; where it is empty, there is neither.
    part: &'l str,
}

impl<'l> Case<'l> {
    fn of(line: &'l str) -> Self {
        let fields: Vec<&str> = line.split('\t').collect();
        let [request, session, settings, verdict, part] = fields[..] else { panic!("not five fields: {line}") };
        Self { request, session, settings, verdict, part }
    }

    /// What of the answer is not as the case has it.
    fn problem(&self) -> Option<String> {
        let (answer, fit) = answer(self.request, self.session, self.settings);
        let verdict = match (answer.accepted, &answer.mutated_object) {
            (false, _) => "rejected",
            (true, Some(_)) => "changed",
            (true, None) => "untouched",
        };
        let warnings = answer.warnings.unwrap_or_default();
        let is_long = warnings.iter().any(|warning| warning.chars().count() > WARNING_LIMIT);
        let said: Vec<String> = answer.message.into_iter().chain(warnings).collect();
        let is_said =
            if self.part.is_empty() { said.is_empty() } else { said.iter().any(|text| text.contains(self.part)) };
        let problem = match fit {
            Err(mistakes) => mistakes,
            Ok(()) if verdict != self.verdict => format!("it is {verdict}"),
            Ok(()) if !is_said => "it says something else".to_owned(),
            Ok(()) if is_long => "a warning is too long".to_owned(),
            Ok(()) => return None,
        };
        Some(format!("{problem}: {said:#?}"))
    }
}

#[test]
fn every_case_gets_its_verdict_and_message() {
    let cases = fs::read_to_string(folder().join("cases.tsv")).expect("cases.tsv");
    let mut played = BTreeSet::new();
    let mut problems = Vec::new();
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let case = Case::of(line);
        problems.extend(case.problem().map(|problem| format!("{line}\n{problem}")));
        played.insert(case.session);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(played.len() >= 70, "only {} sessions", played.len());
    for entry in fs::read_dir(folder().join("sessions")).expect("sessions") {
        let path = entry.expect("an entry").path();
        let session = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        assert!(played.contains(session), "no case plays {}", path.display());
    }
}

#[test]
fn a_session_that_does_not_fit_is_noticed() {
    for (request, session, problem) in [
        ("create-annotated", "none", "nothing is left of the session for KubernetesGetResource"),
        ("create-annotated", "statefulset", "expected KubernetesGetResource"),
        ("create-unmanaged", "right", "was not asked for:\n!KubernetesGetResource"),
    ] {
        let (_, fit) = answer(request, session, "{}");
        let error = fit.expect_err(session);
        assert!(error.contains(problem), "{request} {session}: {error}");
    }
}
