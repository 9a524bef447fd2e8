//! The cases of the kwctl tests, through the project's own host: kwctl is not to be had everywhere.

use std::{fs, sync::Arc};

use mysql_replication_e2e_tests::{policy, root};
use mysql_replication_preview::Unreachable;
use serde_json::Value;

#[test]
fn every_case_gets_its_verdict_and_message() {
    let folder = root().join("e2e-tests/kwctl");
    let cases = fs::read_to_string(folder.join("cases.tsv")).expect("cases.tsv");
    let mut count = 0;
    for line in cases.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [request, settings, expected, part] = fields[..] else { panic!("not four fields: {line}") };
        let text = fs::read_to_string(folder.join(format!("requests/{request}.json"))).expect("a request");
        let request: Value = serde_json::from_str(&text).expect("JSON");
        let settings: Value = serde_json::from_str(settings).expect("settings");
        let answer = policy().validate(&request, &settings, Arc::new(Unreachable)).expect("an answer");
        let verdict = match (answer.accepted, &answer.mutated_object) {
            (false, _) => "rejected",
            (true, Some(_)) => "changed",
            (true, None) => "untouched",
        };
        assert_eq!(verdict, expected, "{line}");
        assert!(answer.message.unwrap_or_default().contains(part), "{line}");
        count += 1;
    }
    assert!(count >= 10, "only {count} cases");
}
