//! Output: text and tables for people, JSON for programs.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use crate::args::{Color, Look};
use crate::failure::Failure;

mod sheet;

pub(crate) use sheet::{Cell, Sheet};

/// The place where results go. A closed pipe is [`Failure::ClosedPipe`], which ends a command without a word.
pub(crate) struct Output {
    json: bool,
    width: Option<usize>,
    out: AutoStream<std::io::Stdout>,
}

impl Output {
    pub(crate) fn new(look: &Look) -> Self {
        let choice = match look.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        choice.write_global();
        let out = std::io::stdout();
        Self {
            json: look.json,
            width: width(&out),
            out: AutoStream::auto(out),
        }
    }

    /// Returns whether results are for programs.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Returns the width in columns that text should fit, if it should: that of the terminal, or `COLUMNS`.
    #[allow(dead_code, reason = "of commands that wrap text of their own")]
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Prints a line. Colours in it, by `anstyle`, are left out where they are not wanted.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{line}")?)
    }

    /// Prints a table, or records where it is too wide.
    pub(crate) fn sheet(&mut self, sheet: &Sheet) -> Result<(), Failure> {
        let text = sheet.render(self.width);
        self.line(text)
    }

    /// Prints a text of any length, with line breaks where it would be too wide.
    pub(crate) fn paragraph(&mut self, text: &str) -> Result<(), Failure> {
        let text = sheet::wrapped(text, self.width);
        self.line(text)
    }

    /// Prints a document of JSON, with line breaks.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::other(&error))?;
        self.line(text)
    }

    /// Prints a document of JSON on a line of its own.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::other(&error))?;
        self.line(text)?;
        self.flush()
    }

    /// Sends all that was printed on its way.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.out.write_all(bytes)?)
    }
}

/// Returns the width to fit; `None` where lines may have any length, as in a pipe.
fn width(out: &std::io::Stdout) -> Option<usize> {
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let terminal = || {
        let size = out
            .is_terminal()
            .then(|| ratatui::crossterm::terminal::size().ok());
        size.flatten().map(|(columns, _)| usize::from(columns))
    };
    columns.or_else(terminal).filter(|columns| *columns > 0)
}
