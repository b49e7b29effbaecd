//! `export`: rules for proxies. Each generator is a function of data: [`Source`] in, files out.

mod address;
mod haproxy;
mod names;
mod options;
mod patterns;
mod pgbouncer;
mod pgdog;
mod pgpool;
mod proxysql;
mod sizes;
mod source;

use std::fs;
use std::path::Path;

use serde::Serialize;

pub(crate) use options::Options;
use options::Proxy;
use source::Source;

use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// The product of a generator.
#[derive(Debug, Serialize)]
struct Export {
    /// The files. The first is the one that is printed without `--out`.
    files: Vec<File>,
    /// The warnings for whoever uses them.
    warnings: Vec<String>,
}

/// A generated file.
#[derive(Debug, Serialize)]
struct File {
    name: &'static str,
    text: String,
}

/// Runs the command.
pub(crate) fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let source = Source::read(options)?;
    let mut export = match options.proxy {
        Proxy::Proxysql => proxysql::generate(&source, options),
        Proxy::Pgbouncer => pgbouncer::generate(&source, options),
        Proxy::Haproxy => haproxy::generate(&source, options),
        Proxy::Pgpool => pgpool::generate(&source, options),
        Proxy::Pgdog => pgdog::generate(&source, options),
    }?;
    export.warnings.extend(source.warnings());
    if out.is_json() {
        out.json(&export)?;
    }
    match &options.out {
        Some(dir) => write(&export, dir)?,
        None if !out.is_json() => print(&export, out)?,
        None => {}
    }
    for warning in &export.warnings {
        tell(&format!("warning: {warning}"));
    }
    Ok(Outcome::Fine)
}

fn print(export: &Export, out: &mut Output) -> Result<(), Failure> {
    let mut files = export.files.iter();
    if let Some(first) = files.next() {
        out.raw(first.text.as_bytes())?;
    }
    let others: Vec<_> = files.map(|file| file.name).collect();
    if !others.is_empty() {
        tell(&format!(
            "not shown: {}; give `--out DIR`",
            others.join(", ")
        ));
    }
    Ok(())
}

fn write(export: &Export, dir: &Path) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::Other(format!("{}: it cannot be written: {error}", path.display()))
    };
    fs::create_dir_all(dir).map_err(|error| failed(dir, error))?;
    for file in &export.files {
        let path = dir.join(file.name);
        fs::write(&path, &file.text).map_err(|error| failed(&path, error))?;
        tell(&format!("written: {}", path.display()));
    }
    Ok(())
}

fn tell(words: &str) {
    use std::io::Write;

    // There is nobody to tell that the words cannot be printed.
    let _ = writeln!(anstream::stderr(), "{words}");
}
