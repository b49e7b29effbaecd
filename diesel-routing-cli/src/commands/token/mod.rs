//! `token`: takes session tokens apart, and verifies them.

mod keys;
mod report;
mod texts;

use std::io::Read;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::failure::{Failure, Outcome};
use crate::output::Output;

use report::TokenReport;

/// The options of `token`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The token, or a `Cookie` or `Set-Cookie` header with one; `-` to read it from the standard input
    token: String,
    /// A file with a secret to verify with, for each key again. Without ID it is that of whatever key the token names.
    /// Environment: `DIESEL_ROUTING_TOKEN_SECRET` has a secret itself
    #[arg(long = "key-file", short = 'k', value_name = "[ID=]FILE")]
    key_files: Vec<String>,
    /// How secrets are written
    #[arg(long, value_name = "ENCODING", default_value = "raw")]
    key_encoding: keys::Encoding,
}

/// The most bytes that are read from the standard input: headers are smaller. Chosen.
const LONGEST: u64 = 64 * 1024;

/// Runs the command.
pub(crate) fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let text = if options.token == "-" {
        let mut text = String::new();
        let mut input = std::io::stdin().take(LONGEST);
        input.read_to_string(&mut text).map_err(|error| {
            Failure::Usage(format!(
                "the standard input cannot be read as text: {error}"
            ))
        })?;
        text
    } else {
        options.token.clone()
    };
    let keys = keys::read(&options.key_files, options.key_encoding)?;
    let now = SystemTime::now();
    let tokens = texts::tokens(&text);
    if tokens.is_empty() {
        return Err(Failure::Usage("there is no token: it is empty".to_owned()));
    }
    let reports = tokens
        .into_iter()
        .map(|token| TokenReport::new(&token, &keys, now));
    let reports = reports.collect::<Result<Vec<_>, _>>()?;
    if out.is_json() {
        match reports.as_slice() {
            [one] => out.json(one)?,
            several => out.json(&several)?,
        }
    } else {
        for (index, report) in reports.iter().enumerate() {
            if index > 0 {
                out.line("")?;
            }
            report.print(out, now)?;
        }
    }
    Ok(if reports.iter().any(TokenReport::is_rejected) {
        Outcome::Findings
    } else {
        Outcome::Fine
    })
}

/// A file with a secret, and the id of its key.
type KeyFile = (Option<u8>, PathBuf);
