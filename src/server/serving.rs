//! What the routes serve: the endpoints or, until the settings are right, the reasons why there are none.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::endpoints::not_configured::NotConfigured;
use crate::server::Endpoints;

/// The endpoints or, until the settings are right, the reasons why there are none. Cheap to clone.
#[derive(Clone, Default)]
pub struct Serving(Arc<Served>);

#[derive(Default)]
struct Served {
    endpoints: OnceLock<Arc<Endpoints>>,
    reasons: Mutex<Option<Arc<NotConfigured>>>,
}

impl Serving {
    /// Without endpoints, for these reasons.
    #[must_use]
    pub fn not_configured(reasons: NotConfigured) -> Self {
        let serving = Self::default();
        serving.set_reasons(reasons);
        serving
    }

    /// Replaces the reasons.
    pub fn set_reasons(&self, reasons: NotConfigured) {
        *self.0.reasons.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(reasons));
    }

    /// Serves `endpoints` from now on. Only the first call has an effect.
    pub fn set_endpoints(&self, endpoints: Arc<Endpoints>) {
        let _ = self.0.endpoints.set(endpoints);
    }

    /// The endpoints, once there are some.
    pub(super) fn endpoints(&self) -> Option<Arc<Endpoints>> {
        self.0.endpoints.get().cloned()
    }

    /// The reasons, as long as there are no endpoints.
    pub(super) fn reasons(&self) -> Option<Arc<NotConfigured>> {
        match self.0.endpoints.get() {
            Some(_) => None,
            None => self.0.reasons.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
