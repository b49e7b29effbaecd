//! `codes!`: the stable names of errors.

/// Gives each variant of an error a stable name, and lists the names. A variant without one does not compile.
///
/// `within` are patterns that come first: of an error inside this one. `also` are the names that only those return.
macro_rules! codes {
    (
        $error:ident { $($variant:ident => $code:literal,)+ }
        $(also { $($other:literal,)+ })?
        $(within { $($(#[$of:meta])* $outer:pat => $inner:expr,)+ })?
    ) => {
        impl $error {
            /// The names that [`code`](Self::code) returns, but for those of errors of other types inside this one.
            pub const CODES: &'static [&'static str] = &[$($code,)+ $($($other,)+)?];

            /// Returns a stable name, for logs, metrics and alerts: `docs/errors.md` lists them.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self {
                    $($($(#[$of])* $outer => $inner,)+)?
                    $(Self::$variant { .. } => $code,)+
                }
            }
        }
    };
}
