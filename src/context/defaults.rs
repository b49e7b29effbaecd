//! The process's default routers, one for each kind of connection.

use std::any::Any;
use std::sync::{Arc, Mutex};

use crate::mutex::lock;

static DEFAULTS: Mutex<Vec<Arc<dyn Any + Send + Sync>>> = Mutex::new(Vec::new());

/// Makes `value` the default of its type.
pub(crate) fn make_default<T: Any + Send + Sync>(value: T) {
    let mut defaults = lock(&DEFAULTS);
    defaults.retain(|known| !known.is::<T>());
    defaults.push(Arc::new(value));
}

/// Returns the default of this type.
pub(crate) fn default_of<T: Any + Clone>() -> Option<T> {
    let defaults = lock(&DEFAULTS);
    defaults
        .iter()
        .find_map(|known| known.downcast_ref::<T>())
        .cloned()
}
