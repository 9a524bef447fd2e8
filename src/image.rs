//! Container image references: `[registry[:port]/]path[:tag][@digest]`.

use crate::halves::Halves;

/// A reference in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image<'a> {
    /// Registry and path, without tag and digest.
    pub(crate) repository: &'a str,
    pub(crate) tag: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    pub(crate) fn parse(reference: &'a str) -> Self {
        let (rest, digest) = reference.halves('@').map_or((reference, None), |(rest, digest)| (rest, Some(digest)));
        // a colon before the last slash belongs to the registry's port
        let name_at = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = rest[name_at..]
            .find(':')
            .map_or((rest, None), |colon| (&rest[..name_at + colon], Some(&rest[name_at + colon + 1..])));
        Self { repository, tag, digest }
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &'a str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// The folders between the registry and the name. A first part is a registry where it looks like a host (the
    /// distribution project, "reference").
    pub(crate) fn folders(&self) -> impl DoubleEndedIterator<Item = &'a str> {
        let path = self.repository.last_halves('/').map_or("", |(path, _)| path);
        let (first, rest) = path.halves('/').unwrap_or((path, ""));
        let is_host = first.contains(['.', ':']) || first == "localhost";
        (if is_host { rest } else { path }).split('/').filter(|folder| !folder.is_empty())
    }

    /// The leading numbers of the tag: `8.0.36-debian` is 8, 0 and 36.
    pub(crate) fn version(&self) -> Version {
        let mut numbers = self
            .tag
            .unwrap_or_default()
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .next()
            .unwrap_or_default()
            .split('.')
            .map_while(|number| number.parse().ok())
            .fuse();
        Version { major: numbers.next(), minor: numbers.next(), patch: numbers.next() }
    }
}

/// As much of a version as a tag tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) major: Option<u32>,
    pub(crate) minor: Option<u32>,
    pub(crate) patch: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_reference() {
        let cases = [
            ("mysql", "mysql", None, None),
            ("mysql:8.0", "mysql", Some("8.0"), None),
            ("registry.example:5000/library/mysql", "registry.example:5000/library/mysql", None, None),
            ("registry.example:5000/mysql:5.7.44", "registry.example:5000/mysql", Some("5.7.44"), None),
            ("mysql@sha256:ab", "mysql", None, Some("sha256:ab")),
            ("r:1/mysql:8.4@sha256:ab", "r:1/mysql", Some("8.4"), Some("sha256:ab")),
            ("", "", None, None),
            (":", "", Some(""), None),
        ];
        for (reference, repository, tag, digest) in cases {
            assert_eq!(Image::parse(reference), Image { repository, tag, digest }, "{reference}");
        }
    }

    #[test]
    fn version_of_a_tag() {
        let version = |image| {
            let Version { major, minor, patch } = Image::parse(image).version();
            (major, minor, patch)
        };
        assert_eq!(version("mysql:8.0.36-debian"), (Some(8), Some(0), Some(36)));
        assert_eq!(version("mariadb:11"), (Some(11), None, None));
        assert_eq!(version("mysql:latest"), (None, None, None));
        assert_eq!(version("mysql:99999999999.1"), (None, None, None));
    }
}
