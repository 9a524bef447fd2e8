//! The policy's module inside the program; see `build.rs`.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The policy's module, where the program was built with it: in a release build, or with the feature `embedded`.
#[must_use]
pub fn embedded_policy() -> Option<&'static [u8]> {
    EMBEDDED
}
