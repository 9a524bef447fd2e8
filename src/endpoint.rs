//! Names that say write, and the hosts that values name.

use crate::settings::WriteNames;

/// Does the name of a variable or an option say that writes go to what its value names?
pub(crate) fn says_write(_name: &str, _names: &WriteNames) -> bool {
    false
}

/// Does the name of a Service, or a value of one of its labels, say that writes go to it?
pub(crate) fn service_says_write(_name: &str, _names: &WriteNames) -> bool {
    false
}
