//! The process's default routers, one for each kind of connection.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

static DEFAULTS: Mutex<Vec<Arc<dyn Any + Send + Sync>>> = Mutex::new(Vec::new());

/// Makes `value` the default of its type.
pub(crate) fn make_default<T: Any + Send + Sync>(value: T) {
    let mut defaults = DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    defaults.retain(|known| !known.is::<T>());
    defaults.push(Arc::new(value));
}

/// Returns the default of this type.
pub(crate) fn default_of<T: Any + Clone>() -> Option<T> {
    let defaults = DEFAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    defaults
        .iter()
        .find_map(|known| known.downcast_ref::<T>())
        .cloned()
}
