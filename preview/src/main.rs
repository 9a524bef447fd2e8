//! The command `preview`; see the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(mysql_replication_preview::cli::main())
}
