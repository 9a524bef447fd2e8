//! Options and option files, as the servers of MySQL and MariaDB read them.
//!
//! No library follows their grammar, in which one option has many spellings. Everything that must know what a server is
//! told reads it here, so that the policy, the checks and the tests on real servers take one view.
//!
//! # An option
//!
//! ```text
//! argument = "--" name [ "=" value ] | ( "-h" | "-P" ) [ value ]
//! name     = { prefix ( "-" | "_" ) } [ cache "." ] known
//! prefix   = "skip" | "disable" | "enable" | "maximum" | "loose" | "autoset"
//! known    = a name of the table, or a beginning of one that stands for no other; "-" is "_"
//! ```
//!
//! The last of the prefixes says what becomes of a switch, and the last spelling of an option counts ([`effective`]).
//!
//! ```
//! use mysql_options::ServerOption;
//!
//! let option = ServerOption::from_argument("--loose_skip-super_read_only").unwrap();
//! assert!(option.is("super-read-only") && option.is_loose && !option.switch());
//! // MariaDB, and MySQL up to 5.7, take a beginning of a name
//! let option = ServerOption::from_argument("--da=/data").unwrap();
//! assert_eq!((option.name, option.value, option.is_exact), ("datadir", Some("/data"), false));
//! ```
//!
//! # An option file
//!
//! ```text
//! file      = { line "\n" }
//! line      = blanks [ comment | group | directive | option [ "#" rest ] ]
//! comment   = ( "#" | ";" ) rest
//! group     = "[" name "]" rest
//! directive = "!" blanks ( "include" | "includedir" ) blanks path
//! option    = key [ "=" ( value | "'" value "'" | '"' value '"' ) ]
//! value     = { byte | "\n" | "\t" | "\r" | "\b" | "\s" | "\"" | "\'" | "\\" }
//! ```
//!
//! The server reads bytes. It applies the options of all groups that it reads in the order of the text; an option
//! before the first group, a group without its bracket and a directive without a path stop it ([`Mistake::stops`]).
//!
//! ```
//! use mysql_options::{Groups, OptionFile};
//!
//! let file = OptionFile::parse("[mysqld]\nread-only = '1' # closed\n[mysql]\nskip-read-only\n");
//! let groups = Groups::for_server(false, Some((8, Some(4))), None);
//! let options: Vec<_> = file.options_of(&groups).map(|(line, option)| (line, option.name, option.switch())).collect();
//! assert_eq!(options, [(2, "read-only", true)]);
//! ```

#![forbid(unsafe_code)]

mod effective;
mod file;
mod groups;
mod line;
mod mistake;
mod nearest;
mod option;
mod table;

pub use effective::effective;
pub use file::{Entry, EntryKind, OptionFile};
pub use groups::{Groups, Owner};
pub use mistake::{Mistake, Problem};
pub use nearest::{is_within, nearest};
pub use option::{ServerOption, switch_value};
