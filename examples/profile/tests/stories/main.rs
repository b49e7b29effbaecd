//! The stories in `features/`, told to the real service on a real PostgreSQL cluster.
//!
//! Each scenario is a test of its own, which cargo's test runners list, filter and count:
//!
//! ```text
//! cargo test -p profile --test stories -- "routing off"
//! ```

mod browser;
mod client;
mod program;
mod redis;
#[expect(
    clippy::needless_pass_by_value,
    reason = "cucumber hands over what it has parsed"
)]
mod steps;
mod story;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cucumber::World;
use cucumber::gherkin::{Feature, GherkinEnv};
use cucumber::writer::Stats;
use libtest_mimic::{Arguments, Failed, Trial};

use story::Story;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = features().into_iter().flat_map(|path| {
        let feature = Feature::parse_path(&path, GherkinEnv::default()).expect("a feature");
        let names: Vec<_> = feature.scenarios.into_iter().map(|it| it.name).collect();
        names.into_iter().map(move |name| trial(&path, name))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn features() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("features");
    let mut features: Vec<_> = dir
        .read_dir()
        .expect("the features")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "feature"))
        .collect();
    features.sort();
    features
}

fn trial(path: &Path, name: String) -> Trial {
    let file = path.file_stem().expect("a name").to_string_lossy();
    let title = format!("{file}: {name}");
    let path = path.to_owned();
    Trial::test(title, move || tell(path, name))
}

fn tell(path: PathBuf, name: String) -> Result<(), Failed> {
    let runtime = tokio::runtime::Runtime::new()?;
    let told = runtime.block_on(async {
        Story::cucumber()
            .fail_on_skipped()
            .with_default_cli()
            .filter_run(path, move |_, _, scenario| scenario.name == name)
            .await
    });
    if told.execution_has_failed() || told.passed_steps() == 0 {
        return Err("not so".into());
    }
    Ok(())
}
