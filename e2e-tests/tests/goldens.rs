//! The golden files, through both front doors of the policy; `mysql_replication_golden_tests` says what they are.
//!
//! `cargo test -p mysql-replication-policy` has the native function judge them in seconds; here the module must say the
//! same.

use mysql_replication_e2e_tests::both_doors_in;
use mysql_replication_golden_tests::check_all;

#[test]
fn goldens() {
    check_all(&|cluster, request, settings| both_doors_in(cluster, request, settings));
}
