//! What is to be done with an object that has no problem, and doing it.

use crate::{
    findings::Violation,
    inject::{Plan, apply},
    json::Value,
    record::Status,
    rule,
    settings::Settings,
};

/// What is to be done with an object that has no problem.
pub(crate) enum Change<'r> {
    /// It becomes this one.
    Into(Value<'r>),
    Inject {
        plan: Box<Plan<'r>>,
        /// What an earlier injection left in it.
        record: Option<Box<Status>>,
        /// The object to inject into, where it is not just the one under admission.
        object: Option<Value<'r>>,
    },
}

impl<'r> Change<'r> {
    /// Makes the change; nothing where it is none. The error is a problem that was seen nowhere else.
    pub(crate) fn make(self, original: Value<'r>, settings: &Settings) -> Result<Option<Value<'r>>, Box<Violation>> {
        let (plan, record, object) = match self {
            Self::Into(object) => return Ok((object != original).then_some(object)),
            Self::Inject { plan, record, object } => (plan, record, object),
        };
        // without a record there is none of the annotation either: something does change
        let (mut object, original) = match (object, &record) {
            (None, None) => (original, None),
            (object, _) => (object.unwrap_or_else(|| original.clone()), Some(original)),
        };
        match apply(&mut object, *plan, settings, record.as_deref()) {
            Some(()) => Ok((original.as_ref() != Some(&object)).then_some(object)),
            // the check of the types names every such field; one that it missed must not pass without the injection
            None => Err(Box::new(Violation::new(
                rule::MALFORMED,
                "spec.template.spec",
                "a field of the wrong type",
                "nothing could be injected into it",
                "compare the pod template with the Kubernetes API reference",
            ))),
        }
    }
}
