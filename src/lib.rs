//! Where a statement may run is checked by the compiler.
