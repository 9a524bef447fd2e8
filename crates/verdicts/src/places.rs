//! Where the fields of objects stand in the given documents.

use std::collections::BTreeMap;

use mysql_replication_manifests::ObjectKey;
use mysql_replication_manifests::yaml::{Document, Step};

use crate::outcome::Place;
use crate::preview::EVALUATED;
use crate::targets::Target;
use crate::violations::{Label, Site};

/// An object's spot among the documents.
#[derive(Debug, Clone)]
pub(crate) struct Spot<'d> {
    document: &'d Document,
    /// As its target has them.
    items: Vec<usize>,
}

impl<'d> Spot<'d> {
    /// Of an object in this document.
    pub(crate) fn new(document: &'d Document, target: &Target<'_>) -> Self {
        Self { document, items: target.items.clone() }
    }
}

/// All objects that the policy can tell of.
#[derive(Debug, Default)]
pub(crate) struct Places<'d>(BTreeMap<ObjectKey, Spot<'d>>);

impl<'d> Places<'d> {
    /// Adds an object. It stands in for an earlier one of its name.
    pub(crate) fn add(&mut self, key: ObjectKey, spot: Spot<'d>) {
        self.0.insert(key, spot);
    }

    /// The place of what the policy tells of, when it judges the object at `own`.
    pub(crate) fn of(&self, site: &Site<'_>, own: &Spot<'d>) -> Option<Place> {
        let spot = match &site.object {
            None => own,
            Some(label) => self.find(label)?,
        };
        let items = spot.items.iter().flat_map(|index| [Step::Key("items".to_owned()), Step::Item(*index)]);
        let path: Vec<Step> = items.chain(site.path.steps.iter().cloned()).collect();
        let line = spot.document.nearest_line(&path, site.path.text_line);
        Some(Place { file: spot.document.file().to_owned(), line })
    }

    fn find(&self, label: &Label<'_>) -> Option<&Spot<'d>> {
        // The policy does not name the API version; it looks nothing up of other groups with the same kinds.
        let (api_version, _) = EVALUATED.iter().find(|(_, kinds)| kinds.contains(&label.kind))?;
        let key = ObjectKey {
            api_version: (*api_version).to_owned(),
            kind: label.kind.to_owned(),
            namespace: label.namespace.to_owned(),
            name: label.name.to_owned(),
        };
        self.0.get(&key)
    }
}
