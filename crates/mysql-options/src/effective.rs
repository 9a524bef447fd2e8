//! Which of several spellings of an option counts.

use crate::{option::ServerOption, table::is_known};

/// The option of a name that counts, each with where it stands: the last one. Where one server takes the last spelling
/// and another passes over it, the one that opens a replica.
///
/// The name must be in the table.
///
/// ```
/// use mysql_options::{ServerOption, effective};
///
/// let words = ["--super-read-only", "--skip-super-read-only", "--SUPER-READ-ONLY=1"];
/// let options: Vec<_> = words.into_iter().map(|word| (word, ServerOption::from_argument(word).unwrap())).collect();
/// // only some servers take upper case
/// assert_eq!(effective(&options, "super-read-only").unwrap().0, "--skip-super-read-only");
/// assert!(effective(&options, "log-bin").is_none());
/// ```
pub fn effective<'o, 't, T>(options: &'o [(T, ServerOption<'t>)], name: &str) -> Option<&'o (T, ServerOption<'t>)> {
    debug_assert!(is_known(name), "enter {name} into the table of crates/mysql-options/src/table.rs");
    let mut of_name = options.iter().rev().filter(|(_, option)| option.is(name) && !option.is_passed_over());
    let last = of_name.next()?;
    let exact = if last.1.is_exact { None } else { of_name.find(|(_, option)| option.is_exact) };
    Some(exact.filter(|(_, option)| last.1.switch() && !option.switch()).unwrap_or(last))
}
