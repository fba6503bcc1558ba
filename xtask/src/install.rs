//! What building and testing need beyond Rust, fetched by the ordinary package managers.
//!
//! Nothing is installed in silence, and where it may not be, the message holds the command to run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::process::{is_installed, read, run};

const WASM: &str = "wasm32-unknown-unknown";
/// Node.js 20 is the oldest that the browser tests' packages run on.
const NODE: u32 = 20;

/// What the client's build needs.
pub(crate) fn for_build() -> Result<()> {
    wasm_target()?;
    node()
}

/// The browsers that the tests drive.
pub(crate) struct Browsers {
    pub(crate) chromium: PathBuf,
    pub(crate) firefox: PathBuf,
}

/// What the tests need, the client's build included.
pub(crate) fn for_tests(root: &Path) -> Result<Browsers> {
    let chromium = for_chromium(root)?;
    for_fuzzing()?;
    for_mail()?;
    let firefox = browser("FIREFOX", "/usr/bin/firefox-esr", &["firefox-esr"])?;
    Ok(Browsers { chromium, firefox })
}

/// What the tests on PostgreSQL need.
pub(crate) fn for_postgres() -> Result<()> {
    if ashiato_postgres::is_installed() { Ok(()) } else { apt(&["postgresql"]) }
}

/// What the tests of mail need: they install a mail server and a verifier of signatures into a folder of the build's own
/// (`tests/src/mail.rs`), as `tests/mail/requirements.txt` lists them.
fn for_mail() -> Result<()> {
    let can = |module| {
        let mut python = Command::new("python3");
        python.args(["-c", module]).output().is_ok_and(|output| output.status.success())
    };
    if can("import ensurepip, venv") { Ok(()) } else { apt(&["python3", "python3-venv"]) }
}

/// What fuzzing needs: libFuzzer is built from its sources.
pub(crate) fn for_fuzzing() -> Result<()> {
    if is_installed("c++") { Ok(()) } else { apt(&["g++"]) }
}

/// What driving Chromium alone needs.
pub(crate) fn for_chromium(root: &Path) -> Result<PathBuf> {
    for_build()?;
    let chromium = browser("CHROMIUM", "/usr/bin/chromium", &["chromium", "fonts-noto-cjk"])?;
    packages(&root.join("tests/browser"))?;
    Ok(chromium)
}

fn wasm_target() -> Result<()> {
    let libraries = Path::new(&read(Command::new("rustc").args(["--print", "sysroot"]))?)
        .join("lib/rustlib")
        .join(WASM);
    if libraries.is_dir() {
        return Ok(());
    }
    let by_hand = format!("rustup target add {WASM}");
    if !is_installed("rustup") {
        bail!("Rust's {WASM} target is missing and there is no rustup; run by hand: {by_hand}");
    }
    eprintln!("installing Rust's {WASM} target: {by_hand}");
    run(Command::new("rustup").args(["target", "add", WASM]))
        .with_context(|| format!("the target could not be installed; run by hand: {by_hand}"))
}

fn node() -> Result<()> {
    if !(is_installed("node") && is_installed("npm")) {
        apt(&["nodejs", "npm"])?;
    }
    let version = read(Command::new("node").arg("--version"))?;
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE) {
        bail!(
            "Node.js {NODE} or newer is needed, this is {version}; install it and run this again"
        );
    }
    Ok(())
}

/// A browser: the one that the variable names, or Debian's.
fn browser(variable: &str, debian: &str, packages: &[&str]) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        let path = PathBuf::from(path);
        if !path.is_file() {
            bail!("{variable} names {}, which is no file", path.display());
        }
        return Ok(path);
    }
    let path = PathBuf::from(debian);
    if !path.is_file() {
        apt(packages)
            .with_context(|| format!("or name another in the environment variable {variable}"))?;
    }
    Ok(path)
}

fn apt(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get update && apt-get install --yes {}", packages.join(" "));
    if !is_installed("apt-get") {
        bail!(
            "{} missing; install with your package manager (on Debian, as root: {by_hand})",
            packages.join(", ")
        );
    }
    if !rustix::process::geteuid().is_root() {
        bail!("{} missing; run by hand, as root: {by_hand}", packages.join(", "));
    }
    eprintln!("installing {}: {by_hand}", packages.join(", "));
    let apt = |arguments: &[&str]| {
        run(Command::new("apt-get")
            .arg("--quiet")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update"])
        .and_then(|()| {
            let install = [&["install", "--yes", "--no-install-recommends"], packages];
            apt(&install.concat())
        })
        .with_context(|| {
            format!("the packages could not be installed; run by hand, as root: {by_hand}")
        })
}

/// `npm ci` where the lock file is newer than what it installed last.
fn packages(folder: &Path) -> Result<()> {
    let written = |path: PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
    let locked = written(folder.join("package-lock.json"));
    let installed = written(folder.join("node_modules/.package-lock.json"));
    if locked.is_some() && installed >= locked {
        return Ok(());
    }
    let by_hand = format!("npm ci --prefix {}", folder.display());
    eprintln!("installing the browser tests' packages: {by_hand}");
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder))
    .with_context(|| format!("the packages could not be installed; run by hand: {by_hand}"))
}
