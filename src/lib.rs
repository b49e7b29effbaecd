//! Where a statement may run is checked by the compiler.

#[cfg(any(feature = "testkit", feature = "testkit-postgres"))]
pub mod testkit;
