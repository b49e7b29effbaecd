//! Where a statement may run is checked by the compiler.

#[cfg(feature = "testkit")]
pub mod testkit;
