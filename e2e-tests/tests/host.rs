//! The two WebAssembly hosts, the compiling one of the tests and the interpreting one of `preview`, with a small guest
//! of which every answer is known: they cannot be told apart.

use std::sync::Arc;
use std::time::Duration;

use mysql_replication_host::{Engine, HostError, Policy};
use mysql_replication_preview::{Cluster, HostCall, Interpreter, Manifests, Unreachable};
use mysql_replication_wasmtime_host::Wasmtime;
use serde_json::json;

fn guest() -> Vec<u8> {
    wat::parse_str(include_str!("../guest.wat")).unwrap()
}

fn policy<E: Engine>() -> Policy {
    Policy::from_bytes::<E>(&guest()).unwrap()
}

fn call<E: Engine>(word: &str) -> Result<Vec<u8>, HostError> {
    policy::<E>().with_time_limit(Duration::from_millis(300)).call("validate", word.as_bytes(), Arc::new(Unreachable))
}

macro_rules! for_both {
    ($($name:ident),+ $(,)?) => {
        mod compiled {
            $(#[test] fn $name() { super::$name::<super::Wasmtime>(); })+
        }
        mod interpreted {
            $(#[test] fn $name() { super::$name::<super::Interpreter>(); })+
        }
    };
}

for_both! {
    answers_come_through,
    failures_are_told_apart,
    a_failed_call_leaves_nothing_behind,
    an_instance_answers_more_than_once,
    what_is_no_module_is_refused,
    look_ups_reach_the_cluster,
    calls_may_run_side_by_side,
}

fn answers_come_through<E: Engine>() {
    let policy = policy::<E>();
    assert_eq!(policy.protocol_version().unwrap(), "v1");
    assert!(policy.validate_settings(&json!({})).unwrap().valid);
    let refused = policy.validate_settings(&json!({"test-bad": 1})).unwrap();
    assert!(!refused.valid);
    assert_eq!(refused.message.unwrap(), "test-bad is no setting");
    let response = policy.validate(&json!({}), &json!({}), Arc::new(Unreachable)).unwrap();
    assert!(response.accepted);
    assert_eq!(response.warnings.unwrap(), ["watch out"]);
    let response = policy.validate(&json!("test-reject"), &json!({}), Arc::new(Unreachable)).unwrap();
    assert_eq!(response.code, Some(400));
}

fn failures_are_told_apart<E: Engine>() {
    assert!(matches!(call::<E>("test-error"), Err(HostError::Guest(message)) if message == "test-error"));
    assert!(matches!(call::<E>("test-trap"), Err(HostError::Trap(message)) if message.contains("unreachable")));
    assert!(matches!(call::<E>("test-loop"), Err(HostError::Timeout)));
    let nonsense = policy::<E>().validate(&json!("test-nonsense"), &json!({}), Arc::new(Unreachable));
    assert!(matches!(nonsense, Err(HostError::Answer(_))));
    // A payload that does not fit into the guest's memory is the guest's crash, not the host's.
    assert!(matches!(call::<E>(&"x".repeat(20 << 20)), Err(HostError::Trap(_) | HostError::Guest(_))));
}

fn a_failed_call_leaves_nothing_behind<E: Engine>() {
    let policy = policy::<E>().with_time_limit(Duration::from_millis(300));
    for _ in 0..3 {
        assert!(policy.call("validate", b"test-trap", Arc::new(Unreachable)).is_err());
        assert!(policy.call("validate", b"", Arc::new(Unreachable)).is_ok());
    }
}

fn an_instance_answers_more_than_once<E: Engine>() {
    let instance = policy::<E>().with_time_limit(Duration::from_millis(300)).instance(Arc::new(Unreachable)).unwrap();
    for _ in 0..3 {
        assert!(instance.call("validate", b"").is_ok());
        assert!(
            matches!(instance.call("validate", b"test-error"), Err(HostError::Guest(text)) if text == "test-error")
        );
        // the time is that of each call
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn what_is_no_module_is_refused<E: Engine>() {
    let unknown = wat::parse_str("(module (import \"wasi_snapshot_preview1\" \"fly\" (func)))").unwrap();
    for bytes in [b"".as_slice(), b"# yaml: 1", b"\0asm\x01\0\0\0junk", &unknown] {
        assert!(matches!(Policy::from_bytes::<E>(bytes), Err(HostError::Module(_))));
    }
    let error = Policy::from_file::<E>("no/such/policy.wasm").unwrap_err();
    assert!(error.to_string().starts_with("cannot read the policy no/such/policy.wasm: "));
}

fn look_ups_reach_the_cluster<E: Engine>() {
    let look = |cluster: Arc<dyn Cluster>| match policy::<E>().call("validate", b"test-lookup", cluster) {
        Err(HostError::Guest(message)) => message,
        other => panic!("{other:?}"),
    };
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mysql"}});
    assert_eq!(
        look(Arc::new(Manifests::new([service], "default"))),
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"mysql","namespace":"default"}}"#
    );
    assert!(look(Arc::new(Manifests::default())).contains("Cannot find v1/Service named 'mysql'"));
    assert!(look(Arc::new(Unreachable)).contains("has not been granted access"));
    let own = |call: &HostCall<'_>| Err(format!("{}/{}", call.namespace, call.operation));
    assert_eq!(look(Arc::new(own)), "kubernetes/get_resource");
}

fn calls_may_run_side_by_side<E: Engine>() {
    let policy = policy::<E>();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert!(policy.call("validate", b"x", Arc::new(Unreachable)).is_ok());
                }
            });
        }
    });
}
