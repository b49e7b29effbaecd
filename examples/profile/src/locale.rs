//! `Locale`: a language of the profile page.

/// A language that a user can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Locale {
    /// English: what everyone has at first.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

impl Locale {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 4] = [Self::En, Self::De, Self::Fr, Self::Es];

    /// Returns the locale of this code, if there is one.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.code() == code)
    }

    /// Returns its code, as in a `lang` attribute.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }

    /// Returns its name, in the language itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
            Self::Fr => "Français",
            Self::Es => "Español",
        }
    }

    /// Returns how it says hello.
    #[must_use]
    pub fn hello(self) -> &'static str {
        match self {
            Self::En => "Hello",
            Self::De => "Hallo",
            Self::Fr => "Bonjour",
            Self::Es => "Hola",
        }
    }
}
