//! Options and option files, as the servers of MySQL and MariaDB read them.

#![forbid(unsafe_code)]

mod file;
mod nearest;
mod option;

pub use file::{Entry, Groups, Kind, Mistake, OptionFile, Owner, Problem};
pub use nearest::{is_within, nearest};
pub use option::{ServerOption, is_known};
