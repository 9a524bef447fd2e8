//! Where a field is in an object: a chain of steps that is written out only where something is wrong with it.

use std::{borrow::Cow, fmt};

use crate::text::shown;

/// The path of a field, as `kubectl explain` and the API server's errors write it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldPath<'p> {
    /// The object itself.
    Object,
    /// A path that is known as a whole, such as `spec.template.spec`.
    Known(&'p str),
    /// A field of an object.
    Field(&'p FieldPath<'p>, &'p str),
    /// An entry of a map whose keys are the user's: `metadata.annotations["a"]`.
    Entry(&'p FieldPath<'p>, &'p str),
    /// An element of a list.
    Element(&'p FieldPath<'p>, usize),
    /// A line of a text.
    Line(&'p FieldPath<'p>, usize),
}

/// The containers of a pod template.
pub(crate) const CONTAINERS: &FieldPath<'static> = &FieldPath::Known("spec.template.spec.containers");
/// The texts of a `ConfigMap`.
pub(crate) const DATA: &FieldPath<'static> = &FieldPath::Known("data");
/// The pods of a workload's template.
pub(crate) const POD: &FieldPath<'static> = &FieldPath::Known("spec.template.spec");

impl FieldPath<'_> {
    /// A field below this one.
    pub(crate) fn field<'p>(&'p self, name: &'p str) -> FieldPath<'p> {
        FieldPath::Field(self, name)
    }

    /// An entry of this map.
    pub(crate) fn entry<'p>(&'p self, key: &'p str) -> FieldPath<'p> {
        FieldPath::Entry(self, key)
    }

    /// A line of this text, counted from 1.
    pub(crate) fn line(&self, number: usize) -> FieldPath<'_> {
        FieldPath::Line(self, number)
    }

    /// An element of this list.
    pub(crate) fn element(&self, index: usize) -> FieldPath<'_> {
        FieldPath::Element(self, index)
    }
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object => f.write_str("object"),
            Self::Known(path) | Self::Field(Self::Object, path) => f.write_str(path),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Entry(parent, key) => write!(f, "{parent}[{}]", shown(key)),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Line(parent, number) => write!(f, "{parent} line {number}"),
        }
    }
}

impl From<FieldPath<'_>> for Cow<'static, str> {
    #[cold]
    #[inline(never)]
    fn from(path: FieldPath<'_>) -> Self {
        Cow::Owned(path.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_kubectl_writes_them() {
        let containers = FieldPath::Known("spec.template.spec.containers");
        let container = containers.element(2);
        let env = container.field("env");
        let variable = env.element(1);
        assert_eq!(variable.field("value").to_string(), "spec.template.spec.containers[2].env[1].value");
        let annotations = FieldPath::Known("metadata.annotations");
        assert_eq!(annotations.entry("a/b").to_string(), r#"metadata.annotations["a/b"]"#);
        assert_eq!(DATA.entry("my.cnf").line(3).to_string(), r#"data["my.cnf"] line 3"#);
        assert_eq!(FieldPath::Object.to_string(), "object");
        assert_eq!(FieldPath::Object.field("spec").to_string(), "spec");
    }
}
