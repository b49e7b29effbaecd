//! `Notice`: what became of a form, in the address that its user is sent to.

use axum::response::Redirect;
use serde::Deserialize;

/// The outcome of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Notice {
    LetterOrdered,
    Paid,
    PaymentRefused,
    Reserved,
    SoldOut,
}

/// The part of an address that has a notice.
#[derive(Debug, Deserialize)]
pub(crate) struct Said {
    pub(crate) notice: Option<Notice>,
}

impl Notice {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::LetterOrdered => "A letter is on its way, in your language. Reload to see it.",
            Self::Paid => "Paid.",
            Self::PaymentRefused => "Not paid: there is too little on the account.",
            Self::Reserved => "Reserved.",
            Self::SoldOut => "Not reserved: it is sold out.",
        }
    }

    /// Redirects to a page that says it.
    pub(crate) fn on(self, path: &str) -> Redirect {
        let name = match self {
            Self::LetterOrdered => "letter-ordered",
            Self::Paid => "paid",
            Self::PaymentRefused => "payment-refused",
            Self::Reserved => "reserved",
            Self::SoldOut => "sold-out",
        };
        Redirect::to(&format!("{path}?notice={name}"))
    }
}
