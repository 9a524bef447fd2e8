//! The golden files, through both front doors of the policy; `mysql_replication_golden_tests` says what they are.
//!
//! `cargo test -p mysql-replication-policy` has the native function judge them in seconds; here the module must say the
//! same, compiled as on a policy server and interpreted as in `preview`.

use std::sync::Arc;

use mysql_replication_e2e_tests::{both_doors_in, interpreted_policy};
use mysql_replication_golden_tests::check_all;

#[test]
fn goldens() {
    check_all(&|cluster, request, settings| {
        let answer = both_doors_in(cluster, request, settings);
        let interpreted = interpreted_policy().validate(request, settings, Arc::new(cluster.clone()));
        assert!(interpreted.expect("it answers, too") == answer, "`preview` and the policy server disagree");
        answer
    });
}
