//! `cargo xtask fuzz`: searches for inputs that break what must hold of every input (`fuzz/`).

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{
    install,
    process::{self, run as run_program},
};

/// Features and targets of the whole workspace, so that the dependencies are those that are built already.
const BUILD: [&str; 6] =
    ["build", "--workspace", "--bin", "ashiato-fuzz", "--features", "ashiato-fuzz/search"];

/// What to search, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// One target instead of all: the name of a folder in `fuzz/corpus`
    target: Option<String>,
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
}

impl Options {
    /// Every target, for as long as one waits for it among all other tests.
    pub(crate) const fn short() -> Self {
        Self { target: None, seconds: 4 }
    }
}

/// Builds the targets and searches each. What was found to reach new code is kept in `target/fuzz`, and is where the
/// next search goes on.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let corpus = root.join("fuzz/corpus");
    let mut targets = names(&corpus)?;
    if let Some(wanted) = &options.target {
        if !targets.contains(wanted) {
            bail!("there is no target {wanted:?}; there are {}", targets.join(", "));
        }
        targets.retain(|target| target == wanted);
    }
    install::for_fuzzing()?;
    let counted = root.join("fuzz/rustc.sh");
    run_program(process::cargo(root).args(BUILD).env("RUSTC_WORKSPACE_WRAPPER", counted))?;
    let program = root.join("target/debug/ashiato-fuzz");
    let found = root.join("target/fuzz");
    for target in targets {
        let grown = found.join(&target);
        fs::create_dir_all(&grown).with_context(|| format!("cannot make {}", grown.display()))?;
        let mut search = Command::new(&program);
        search
            .env("ASHIATO_FUZZ_TARGET", &target)
            .args(["-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"])
            .arg(format!("-max_total_time={}", options.seconds))
            .arg(format!("-artifact_prefix={}.broken-", grown.display()))
            .args([&grown, &corpus.join(&target)]);
        let output = search.output().context("the fuzzer does not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let tried =
            said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        eprintln!("{target}: {} inputs", tried.unwrap_or("no count of").trim());
        if !output.status.success() {
            eprintln!("{said}");
            let known = corpus.join(&target);
            bail!(
                "{target} does not hold; mend what is wrong, and put the input that is named above into {}, where \
                 every test tries it from then on",
                known.display()
            );
        }
    }
    Ok(())
}

/// The targets, by the folders of what they start from.
fn names(corpus: &Path) -> Result<Vec<String>> {
    let folders = fs::read_dir(corpus)
        .with_context(|| format!("there are no targets in {}", corpus.display()))?;
    let names = folders.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<_> = names.collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}
