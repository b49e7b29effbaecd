//! `Registration`: what the expansion of an attribute registers.

use std::time::Duration;

use super::function::{Function, On};
use crate::consistency::Function as Description;

/// A function, as its attribute's expansion describes it. Not for users.
#[derive(Debug)]
pub struct Registration {
    function: Description,
    module: &'static str,
    file: &'static str,
    line: u32,
    is_async: bool,
    knows_level: bool,
    doc: &'static str,
}

::inventory::collect!(Registration);

impl Registration {
    /// Describes a function, and where it is.
    #[must_use]
    pub const fn new(
        function: Description,
        module: &'static str,
        file: &'static str,
        line: u32,
        is_async: bool,
    ) -> Self {
        Self {
            function,
            module,
            file,
            line,
            is_async,
            knows_level: true,
            doc: "",
        }
    }

    /// Says that the level of the description stands for one that is not known.
    #[must_use]
    pub const fn without_known_level(mut self) -> Self {
        self.knows_level = false;
        self
    }

    /// Adds the first paragraph of the function's documentation.
    #[must_use]
    pub const fn documented(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    pub(super) fn function(&self) -> Function {
        let of = &self.function;
        Function {
            path: of.path.to_owned(),
            module: self.module.to_owned(),
            level: self.knows_level.then_some(of.level),
            class: of.class.map(str::to_owned),
            wait: of.wait.map(|wait: Duration| wait.into()),
            on: of.on.map(|on| On {
                tag: on.name.to_owned(),
                otherwise: on.otherwise.into(),
            }),
            untracked: of.is_untracked,
            is_async: self.is_async,
            file: self.file.to_owned(),
            line: self.line,
            doc: self.doc.to_owned(),
        }
    }
}
