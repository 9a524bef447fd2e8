//! The version of a server, as far as statements and options depend on it.

/// Major, minor and patch.
pub(crate) type Version = (u32, u32, u32);

/// The numbers at the beginning of what a server says of its version.
pub(crate) fn version_of(text: &str) -> Option<Version> {
    let mut numbers = text.split(|other: char| !other.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
}
