//! `SharedGuard`: a shared handle for the duration of one call.

use std::ops::Deref;

/// A handle that was passed to a function by `&`, or checked out for it.
#[derive(Debug)]
pub struct SharedGuard<'a, H>(Inner<'a, H>);

#[derive(Debug)]
enum Inner<'a, H> {
    Borrowed(&'a H),
    Owned(H),
}

/// Shared handles for the duration of one call, which may be nobody else's.
pub trait HeldShared: Deref<Target: Sized> + Send {
    /// Returns the handle, if it was checked out for this call.
    #[doc(hidden)]
    fn alone(&mut self) -> Option<&mut Self::Target>;
}

impl<'a, H> SharedGuard<'a, H> {
    pub(crate) fn borrowed(handle: &'a H) -> Self {
        Self(Inner::Borrowed(handle))
    }

    pub(crate) fn owned(handle: H) -> Self {
        Self(Inner::Owned(handle))
    }
}

impl<H> Deref for SharedGuard<'_, H> {
    type Target = H;

    fn deref(&self) -> &H {
        match &self.0 {
            Inner::Borrowed(handle) => handle,
            Inner::Owned(handle) => handle,
        }
    }
}

impl<H: Send + Sync> HeldShared for SharedGuard<'_, H> {
    fn alone(&mut self) -> Option<&mut H> {
        match &mut self.0 {
            Inner::Borrowed(_) => None,
            Inner::Owned(handle) => Some(handle),
        }
    }
}
