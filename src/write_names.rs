//! The names that settings add to those that say write: settings read them, and the rule asks for them.

/// Which names say write, beyond those that [`crate::rules::write_endpoint`] knows; patterns with `*` and `?`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct WriteNames {
    /// Names of environment variables and options that say write.
    pub(crate) variables: Vec<String>,
    /// Names of Services that say write.
    pub(crate) services: Vec<String>,
    /// Names that do not, whatever they look like.
    pub(crate) ignore: Vec<String>,
}
