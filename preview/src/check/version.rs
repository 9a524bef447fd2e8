//! Versions, as tags of images and modules have them.

/// The version of this program, and of the policy that it belongs to.
pub(super) const OWN: &str = env!("CARGO_PKG_VERSION");

/// The tag of an image or a module, without the `v` before a version; nothing where there is a digest only.
pub(super) fn of_image(image: &str) -> Option<&str> {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let (_, tag) = image.rsplit_once('/').map_or(image, |(_, name)| name).split_once(':')?;
    Some(tag.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(tag))
}

/// The first two numbers of a version.
pub(super) fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_versions() {
        for (image, expected) in [
            ("registry://registry.example:5000/policies/x:v0.3.0", Some("0.3.0")),
            ("ghcr.io/kubewarden/policy-server:v1.36.0@sha256:0", Some("1.36.0")),
            ("x:latest", Some("latest")),
            ("x:version-1", Some("version-1")),
            ("registry://registry.example:5000/x@sha256:0", None),
            ("registry.example:5000/x", None),
        ] {
            assert_eq!(of_image(image), expected, "{image}");
        }
        assert_eq!(numbers("1.36.0"), Some((1, 36)));
        assert_eq!(numbers("1.36-rc1"), Some((1, 36)));
        assert_eq!(numbers("latest"), None);
    }
}
