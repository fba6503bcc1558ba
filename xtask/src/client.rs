//! The browser client's build: two WebAssembly modules with their scripts, and the loader, each as
//! small as it gets. The collector embeds what lies in `target/client` afterwards.
//!
//! A module is compiled by itself (`ui` asks, `act` does what only a grant or a form needs), so that
//! nobody downloads the part that they did not agree to. What shrinks it, in order: the compact form
//! of SHA-2, wasm-bindgen's script without its general initialisation, wasm-opt, one-letter names
//! between module and script, and esbuild.

mod dead;
mod glue;

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{cargo, read, run};

/// The modules: what each is called as a feature of the crate and as a file.
pub(crate) const PARTS: [&str; 3] = ["ui", "tell", "act"];
/// What the build is made of: a change of anything else does not concern it.
const SOURCES: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "consent-core/Cargo.toml",
    "consent-core/src",
    "consent-wasm",
    "xtask/src/client.rs",
    "xtask/src/client",
    "xtask/package-lock.json",
    "xtask/Cargo.toml",
];
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

/// Builds the client into `target/client`, where its sources have changed since the last time.
pub(crate) fn build(root: &Path) -> Result<()> {
    let target = root.join("target/client");
    let stamp = target.join(".made-of");
    let made_of = fingerprint(root)?;
    if fs::read_to_string(&stamp).is_ok_and(|last| last == made_of) {
        return Ok(());
    }
    let tools = Tools::installed(&root.join("xtask"))?;
    let work = root.join("target/client-build/parts");
    fs::create_dir_all(&work)?;
    fs::create_dir_all(&target)?;
    for part in PARTS {
        compile(root, part)?;
        let script = bind(root, part, &work, &tools)?;
        let names = tools.shrink(&work, part)?;
        fs::write(work.join("whole.js"), names.apply(&script))?;
        tools.script(
            &work.join("whole.js"),
            &target.join(part).with_extension("js"),
            &["--format=esm"],
        )?;
        let module = part.to_owned() + ".wasm";
        fs::copy(work.join(&module), target.join(&module))?;
    }
    tools.script(
        &root.join("consent-wasm/loader.js"),
        &target.join("loader.js"),
        // Whatever is wrong with the configuration, the page goes on as if the tag were not there.
        &["--format=iife", "--banner:js=try{", "--footer:js=}catch{}"],
    )?;
    fs::copy(root.join("consent-wasm/ashiato.d.ts"), target.join("ashiato.d.ts"))?;
    report(&target)?;
    fs::write(stamp, made_of)?;
    Ok(())
}

/// A number over everything that the build is made of.
fn fingerprint(root: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        add(&root.join(source), &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let unread = || format!("cannot read {}", path.display());
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(unread)?;
        let mut paths: Vec<_> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| add(path, hasher));
    }
    path.hash(hasher);
    fs::read(path).with_context(unread)?.hash(hasher);
    Ok(())
}

/// Compiles one module, in a target folder of its own: its flags would otherwise make every other
/// build start again.
fn compile(root: &Path, part: &str) -> Result<()> {
    let mut flags = vec![
        r#"--cfg=sha2_backend="soft""#.to_owned(),
        r#"--cfg=sha2_backend_soft="compact""#.to_owned(),
    ];
    // What remains of panics names files: neither their bytes nor the builder's folders belong in
    // a visitor's download.
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    for folder in home.as_deref().into_iter().chain([root]) {
        flags.push(format!("--remap-path-prefix={}=", folder.display()));
    }
    run(cargo(root)
        .args(["build", "--package", "consent-wasm", "--lib"])
        .args(["--target", "wasm32-unknown-unknown", "--profile", "client"])
        .args(["--features", part])
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_TARGET_DIR", root.join("target/client-build")))
}

/// Lets wasm-bindgen write the script between a module and the browser; answers the part's whole script.
fn bind(root: &Path, part: &str, work: &Path, tools: &Tools) -> Result<String> {
    let module = root.join("target/client-build/wasm32-unknown-unknown/client/consent_wasm.wasm");
    let mut bound = Bindgen::new()
        .input_path(module)
        .out_name(part)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(false)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen cannot bind the module `{part}`"))?;
    let unwritten = || format!("the module `{part}` cannot be written");
    bound.emit(work).with_context(unwritten)?;
    let glue = fs::read_to_string(work.join(part).with_extension("js"))?;
    let script = whole(&root.join("consent-wasm"), part, &glue::smaller(&glue)?, tools)?;
    let module = bound.wasm_mut();
    let unused: Vec<_> = module
        .exports
        .iter()
        .filter(|export| !glue::uses(&script, &export.name))
        .map(walrus::Export::id)
        .collect();
    for export in unused {
        module.exports.delete(export);
    }
    dead::empty(module);
    fs::write(work.join(format!("{part}_bg.wasm")), module.emit_wasm()).with_context(unwritten)?;
    Ok(script)
}

/// A part's script: wasm-bindgen's, the style it shows itself in, and what it borrows of the browser.
fn whole(folder: &Path, part: &str, glue: &str, tools: &Tools) -> Result<String> {
    let mut script = glue.to_owned();
    let style = folder.join(part).with_extension("css");
    if style.is_file() {
        let style = tools.style(&style)?;
        script.push_str(&format!("const style = {};\n", quoted(&style)?));
    }
    for own in scripts(part).iter().chain([&part]) {
        script.push_str(&fs::read_to_string(folder.join(own).with_extension("js"))?);
    }
    Ok(script)
}

/// What a part's own script builds on.
fn scripts(part: &str) -> &'static [&'static str] {
    match part {
        "ui" => &["part", "kept", "frames"],
        "act" => &["part", "release"],
        _ => &["part"],
    }
}

/// A style sheet as a script's constant.
fn quoted(style: &str) -> Result<String> {
    if style.contains(['`', '\\', '$']) {
        bail!("a style sheet with `, \\ or $ cannot stand in a script as it is");
    }
    Ok(format!("`{style}`"))
}

/// Long names between a module and its script, and the short ones in their place.
struct Names(Vec<(String, String)>);

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

    /// The script that uses the short names: as members of `wasm` for exports, as keys of the
    /// object of imports.
    fn apply(&self, script: &str) -> String {
        let mut script = PARTS.iter().fold(script.to_owned(), |script, part| {
            script.replace(&format!("\"./{part}_bg.js\":"), "a:")
        });
        for (long, short) in &self.0 {
            script = script.replace(&format!("        {long}: "), &format!("{short}: "));
            script = with_member(&script, long, short);
        }
        script
    }
}

/// `wasm.LONG` as `wasm.SHORT`, where `LONG` is the whole name.
fn with_member(script: &str, long: &str, short: &str) -> String {
    let member = format!("wasm.{long}");
    let mut parts = script.split(&member);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let longer = part.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
        whole.push_str("wasm.");
        whole.push_str(if longer { long } else { short });
        whole.push_str(part);
    }
    whole
}

/// The programs from npm that shrink what compilers leave.
struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// Installs them where they are missing or older than the lock file asks.
    fn installed(folder: &Path) -> Result<Self> {
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
        let folder = folder.join("node_modules/.bin");
        Ok(Self { folder })
    }

    fn tool(&self, name: &str) -> Command {
        Command::new(self.folder.join(name))
    }

    /// Optimises a module for size, then shortens its names: those carry 16 digits of a hash each,
    /// in module and script alike.
    fn shrink(&self, work: &Path, part: &str) -> Result<Names> {
        let small = work.join("small.wasm");
        run(self
            .tool("wasm-opt")
            .arg(work.join(format!("{part}_bg.wasm")))
            .args(["--flatten", "--rereloop", "-Oz", "--converge"])
            // Below the stack's end, where nothing lies, addresses need no checks.
            .args(["--low-memory-unused", "--reorder-functions-by-name", "--reorder-locals"])
            .args(["--strip-debug", "--strip-producers"])
            .args(FEATURES)
            .arg("-o")
            .arg(&small))?;
        let printed = read(
            self.tool("wasm-opt")
                .arg(small)
                .args(["--minify-imports-and-exports-and-modules"])
                .arg("--strip-target-features")
                .args(FEATURES)
                .arg("-o")
                .arg(work.join(part).with_extension("wasm")),
        )?;
        Names::parse(&printed)
    }

    /// Minifies a script.
    fn script(&self, from: &Path, to: &Path, options: &[&str]) -> Result<()> {
        run(self
            .tool("esbuild")
            .arg(from)
            .args(["--minify", "--tree-shaking=true", "--charset=utf8"])
            .args(["--log-level=warning", TARGET])
            .args(options)
            .arg(format!("--outfile={}", to.display())))
    }

    /// A style sheet, minified.
    fn style(&self, from: &Path) -> Result<String> {
        read(self.tool("esbuild").arg(from).args([
            "--minify",
            "--charset=utf8",
            "--log-level=warning",
        ]))
    }
}

/// Prints what a visitor downloads.
fn report(target: &Path) -> Result<()> {
    const MEASURE: &str = r#"
        const fs = require("fs"), zlib = require("zlib"), best = { level: 9 };
        const sizes = {};
        for (const name of ["loader.js", "ui.js", "ui.wasm", "tell.js", "tell.wasm", "act.js", "act.wasm"]) {
            const raw = fs.readFileSync(name);
            sizes[name] = [raw, zlib.gzipSync(raw, best), zlib.brotliCompressSync(raw)].map(b => b.length);
        }
        const sum = names => [0, 1, 2].map(i => names.reduce((all, name) => all + sizes[name][i], 0));
        sizes["to ask"] = sum(["loader.js", "ui.js", "ui.wasm"]);
        sizes["to tell"] = sum(["tell.js", "tell.wasm"]);
        sizes["to act"] = sum(["tell.js", "tell.wasm", "act.js", "act.wasm"]);
        console.log("client            raw    gzip  brotli");
        for (const [name, size] of Object.entries(sizes))
            console.log(name.padEnd(13) + size.map(n => String(n).padStart(8)).join(""));"#;
    let sizes = read(Command::new("node").args(["-e", MEASURE]).current_dir(target))?;
    eprintln!("{sizes}");
    Ok(())
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
        assert_eq!(names.apply(script), "a: function(){},\nb: function(){wasm.c(wasm.d)}");
    }

    #[test]
    fn a_map_that_cannot_be_read_is_an_error() {
        assert!(Names::parse("").is_err());
        assert!(Names::parse("[\"a\"]").is_err());
    }
}
