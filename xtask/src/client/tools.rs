//! The programs from npm that shrink what compilers leave, and the names that they give.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::process::{read, run};

/// What the modules may use: Baseline features that rustc turns on, and nothing that it does not.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];
/// Browsers that esbuild writes for: those with everything that the client needs in any case.
const TARGET: &str = "--target=chrome111,firefox115,safari16.4";

/// Long names between a module and its script, and the short ones in their place.
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    /// Reads what wasm-opt prints: the imports as `["module", "long", "short"]`, the exports as
    /// `["long", "short"]`, one a line.
    fn parse(printed: &str) -> Result<Self> {
        let row = |line: &str| {
            let texts: Vec<_> = line.split('"').skip(1).step_by(2).collect();
            match *texts.as_slice() {
                [_, long, short] | [long, short] => Some((long.to_owned(), short.to_owned())),
                _ => None,
            }
        };
        let rows = printed.lines().filter(|line| line.trim_start().starts_with('['));
        let names: Option<Vec<_>> = rows.map(row).collect();
        match names {
            Some(names) if !names.is_empty() => Ok(Self(names)),
            _ => bail!("wasm-opt printed no map of names:\n{printed}"),
        }
    }

    /// What is short for a name.
    pub(super) fn short(&self, long: &str) -> String {
        let found = self.0.iter().find(|(own, _)| own == long);
        found.map_or(long, |(_, short)| short).to_owned()
    }

    /// The script that calls what it lends by short names: keys of the object of imports.
    pub(super) fn keys(&self, script: &str) -> String {
        self.0.iter().fold(script.to_owned(), |script, (long, short)| {
            script.replace(&format!("        {long}: "), &format!("{short}: "))
        })
    }

    /// The script that calls a module's exports by short names: members of `object`.
    pub(super) fn members(&self, script: &str, object: &str) -> String {
        self.0.iter().fold(script.to_owned(), |script, (long, short)| {
            with_member(&script, &format!("{object}.{long}"), &format!("{object}.{short}"))
        })
    }
}

/// One member in place of another, where its name is the whole name.
fn with_member(script: &str, long: &str, short: &str) -> String {
    let mut parts = script.split(long);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let longer = part.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        whole.push_str(if longer { long } else { short });
        whole.push_str(part);
    }
    whole
}

/// How a script is run.
#[derive(Clone, Copy)]
pub(super) enum Script {
    /// It is imported.
    Module,
    /// A tag runs it, beside whatever else a page has.
    Whole,
}

/// The programs from npm that shrink what compilers leave.
pub(super) struct Tools {
    folder: PathBuf,
    minify: PathBuf,
}

impl Tools {
    /// Installs them where they are missing or older than the lock file asks.
    pub(super) fn installed(folder: &Path) -> Result<Self> {
        let written = |path: PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
        let locked = written(folder.join("package-lock.json"));
        if locked.is_none() || written(folder.join("node_modules/.package-lock.json")) < locked {
            let by_hand = format!("npm ci --prefix {}", folder.display());
            eprintln!("installing the client's build tools: {by_hand}");
            run(Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(folder)
                .stdout(Stdio::null()))
            .with_context(|| format!("they could not be installed; run by hand: {by_hand}"))?;
        }
        let minify = folder.join("src/client/minify.mjs");
        Ok(Self { folder: folder.join("node_modules/.bin"), minify })
    }

    fn tool(&self, name: &str) -> Command {
        Command::new(self.folder.join(name))
    }

    /// Optimises a module for size; its functions keep their names.
    pub(super) fn flatten(&self, from: &Path, to: &Path) -> Result<()> {
        let passes = [
            "--flatten",
            "--rereloop",
            "-Oz",
            "--converge",
            "--debuginfo",
            "--reorder-functions-by-name",
        ];
        self.optimise(from, to, &passes)
    }

    /// Optimises once more what is left of it.
    pub(super) fn shrink(&self, from: &Path, to: &Path) -> Result<()> {
        self.optimise(from, to, &["-Oz", "--converge", "--strip-debug", "--strip-producers"])
    }

    fn optimise(&self, from: &Path, to: &Path, passes: &[&str]) -> Result<()> {
        run(self
            .tool("wasm-opt")
            .arg(from)
            .args(passes)
            // Below the stack's end, where nothing lies, addresses need no checks.
            .args(["--low-memory-unused", "--reorder-locals"])
            .args(FEATURES)
            .arg("-o")
            .arg(to))
    }

    /// Shortens the names between a module and its script: those carry 16 digits of a hash each, in both. What was written
    /// once and is read again can be made a little smaller still.
    pub(super) fn shorten(&self, from: &Path, to: &Path) -> Result<Names> {
        let printed = read(
            self.tool("wasm-opt")
                .arg(from)
                .args(["-Oz", "--converge"])
                .args(["--minify-imports-and-exports", "--strip-target-features"])
                .args(FEATURES)
                .arg("-o")
                .arg(to),
        )?;
        Names::parse(&printed)
    }

    /// Minifies a script: esbuild leaves out what nothing calls and writes for the browsers above, swc
    /// makes it small.
    pub(super) fn script(
        &self,
        from: &Path,
        to: &Path,
        kind: Script,
        options: &[&str],
    ) -> Result<()> {
        let (format, name) = match kind {
            Script::Module => ("--format=esm", "module"),
            Script::Whole => ("--format=iife", "script"),
        };
        run(self
            .tool("esbuild")
            .arg(from)
            .args(["--tree-shaking=true", "--charset=utf8", "--log-level=warning"])
            .args([TARGET, format])
            .args(options)
            .arg(format!("--outfile={}", to.display())))?;
        run(Command::new("node").arg(&self.minify).args([to, to]).arg(name))
    }

    /// A style sheet, minified.
    pub(super) fn style(&self, from: &Path) -> Result<String> {
        read(self.tool("esbuild").arg(from).args([
            "--minify",
            "--charset=utf8",
            "--log-level=warning",
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_as_a_whole_only() {
        let printed = r#"{ "imports": [
            ["./ui_bg.js", "__wbg_get_1", "a"],
            ["./ui_bg.js", "__wbg_get_12", "b"]
            ], "exports": [
            ["open", "c"],
            ["opened", "d"]
            ] }"#;
        let names = Names::parse(printed).unwrap();
        let script = "        __wbg_get_1: function(){},\n        __wbg_get_12: function(){wasm.open(wasm.opened)}";
        let script = names.keys(&names.members(script, "wasm"));
        assert_eq!(script, "a: function(){},\nb: function(){wasm.c(wasm.d)}");
        assert_eq!(
            (names.short("open"), names.short("opens")),
            ("c".to_owned(), "opens".to_owned())
        );
    }

    #[test]
    fn a_map_that_cannot_be_read_is_an_error() {
        assert!(Names::parse("").is_err());
        assert!(Names::parse("[\"a\"]").is_err());
    }
}
