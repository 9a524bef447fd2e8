//! Whatever judges admission requests.

use std::sync::Arc;

use mysql_replication_host::{HostError, Policy};
use mysql_replication_manifests::{Cluster, Manifests, Response};
use serde_json::Value;

/// Judges an admission request; a [`Policy`], or a function in tests.
pub trait Evaluator {
    /// Judges the request under these settings, with this cluster to look things up in.
    ///
    /// # Errors
    /// When there is no answer.
    fn validate(&self, request: &Value, settings: &Value, cluster: Arc<Manifests>) -> Result<Response, HostError>;
}

impl Evaluator for Policy {
    fn validate(&self, request: &Value, settings: &Value, cluster: Arc<Manifests>) -> Result<Response, HostError> {
        let cluster: Arc<dyn Cluster> = cluster;
        Policy::validate(self, request, settings, cluster)
    }
}

impl<F> Evaluator for F
where
    F: Fn(&Value, &Value, Arc<Manifests>) -> Result<Response, HostError>,
{
    fn validate(&self, request: &Value, settings: &Value, cluster: Arc<Manifests>) -> Result<Response, HostError> {
        self(request, settings, cluster)
    }
}
