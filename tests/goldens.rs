//! The golden files of `e2e-tests/goldens`, through the native function: seconds, and no WebAssembly machine.
//!
//! `mysql_replication_golden_tests` says what the files are, and how `UPDATE_GOLDENS=1` writes them anew.

use mysql_replication_golden_tests::{check_all, find_left_over, validate};

#[test]
fn goldens() {
    check_all(&|cluster, request, settings| validate(cluster, request, settings));
}

/// Every result file belongs to an input.
#[test]
fn no_golden_is_left_over() {
    let left_over = find_left_over();
    assert!(left_over.is_empty(), "no X.yaml is beside {left_over:?}");
}
