//! The browser client's build: its WebAssembly modules with their scripts, and the loader, each as
//! small as it gets. The collector embeds what lies in `target/client` afterwards.
//!
//! `ui` asks and is compiled by itself. `tell` signs, and `act` does what only a grant or a form needs:
//! they are compiled as one and then split, so that nobody downloads the part that they did not agree to,
//! nor anything twice. What shrinks them, in order: the compact form of SHA-2, wasm-bindgen's script
//! without its general initialisation, wasm-opt, one-letter names between module and script, and esbuild.

mod dead;
mod glue;
mod split;

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
/// How the names of what the part that acts exports begin.
const ACT: &str = "act_";
/// Where a module imports from what its script lends: of no other are names shortened.
const OURS: &str = "env";
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
    let made = Made { folder: root.join("consent-wasm"), work, target, tools };
    compile(root, "ui")?;
    made.ui(&module(root))?;
    compile(root, "tell,act")?;
    made.tell_and_act(&module(root))?;
    made.tools.script(
        &root.join("consent-wasm/loader.js"),
        &made.target.join("loader.js"),
        // Whatever is wrong with the configuration, the page goes on as if the tag were not there.
        &["--format=iife", "--banner:js=try{", "--footer:js=}catch{}"],
    )?;
    fs::copy(root.join("consent-wasm/ashiato.d.ts"), made.target.join("ashiato.d.ts"))?;
    report(&made.target)?;
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
fn compile(root: &Path, features: &str) -> Result<()> {
    let mut flags = vec![
        r#"--cfg=sha2_backend="soft""#.to_owned(),
        r#"--cfg=sha2_backend_soft="compact""#.to_owned(),
        // Five times what is usual for the smallest code: what is little is smaller without the call. The rest
        // computes a thing once where LLVM would do it in each branch.
        "-Cllvm-args=-inline-threshold=25 -hoist-common-insts -enable-pre=false \
         -enable-load-in-loop-pre=false"
            .to_owned(),
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
        .args(["--features", features])
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_TARGET_DIR", root.join("target/client-build")))
}

/// Where that leaves the module.
fn module(root: &Path) -> PathBuf {
    root.join("target/client-build/wasm32-unknown-unknown/client/consent_wasm.wasm")
}

/// What the modules and scripts are made with.
struct Made {
    /// The scripts' sources.
    folder: PathBuf,
    /// What is in the making.
    work: PathBuf,
    /// What is done.
    target: PathBuf,
    tools: Tools,
}

impl Made {
    fn file(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// The part that asks.
    fn ui(&self, module: &Path) -> Result<()> {
        let (glue, mut module) = self.bind(module, "ui")?;
        fs::write(self.file("bound.wasm"), module.emit_wasm())?;
        self.tools.flatten(&self.file("bound.wasm"), &self.file("whole.wasm"))?;
        self.tools.shrink(&self.file("whole.wasm"), &self.file("small.wasm"))?;
        let names = self.tools.shorten(&self.file("small.wasm"), &self.target.join("ui.wasm"))?;
        let script = names.keys(&names.members(&self.script("ui", &glue)?, "wasm"));
        self.finish("ui", &script)
    }

    /// The part that tells, and the one that acts, which borrows of it.
    fn tell_and_act(&self, module: &Path) -> Result<()> {
        let (glue, mut module) = self.bind(module, "tell")?;
        fs::write(self.file("bound.wasm"), module.emit_wasm())?;
        self.tools.flatten(&self.file("bound.wasm"), &self.file("whole.wasm"))?;
        let (mut tell, mut act) = split::halves(&self.file("whole.wasm"), ACT)?;

        fs::write(self.file("tell_half.wasm"), tell.emit_wasm())?;
        self.tools.shrink(&self.file("tell_half.wasm"), &self.file("small.wasm"))?;
        let names = self.tools.shorten(&self.file("small.wasm"), &self.target.join("tell.wasm"))?;
        let script = self.script("tell", &glue::only(&glue, |name| split::imports(&tell, name)))?;
        self.finish("tell", &names.keys(&names.members(&script, "wasm")))?;

        let script = self.script("act", &glue::only(&glue, |name| split::imports(&act, name)))?;
        let script = script.replace(&format!("wasm.{ACT}"), &format!("own.{ACT}"));
        let script = names.members(&script, "wasm");
        split::rename(&mut act, |long| names.short(long));
        fs::write(self.file("act_half.wasm"), act.emit_wasm())?;
        self.tools.shrink(&self.file("act_half.wasm"), &self.file("small.wasm"))?;
        let names = self.tools.shorten(&self.file("small.wasm"), &self.target.join("act.wasm"))?;
        self.finish("act", &names.keys(&names.members(&script, "own")))
    }

    /// Lets wasm-bindgen write the script between a module and the browser; answers that and the module.
    fn bind(&self, module: &Path, name: &str) -> Result<(String, walrus::Module)> {
        let mut bound = Bindgen::new()
            .input_path(module)
            .out_name(name)
            .web(true)?
            .typescript(false)
            .omit_default_module_path(true)
            .remove_name_section(false)
            .remove_producers_section(true)
            .generate_output()
            .with_context(|| format!("wasm-bindgen cannot bind the module `{name}`"))?;
        bound.emit(&self.work).with_context(|| format!("`{name}` cannot be written"))?;
        let glue = fs::read_to_string(self.file(name).with_extension("js"))?;
        let glue = glue::smaller(&glue)?.replace(&format!("\"./{name}_bg.js\""), OURS);
        let mut module = std::mem::take(bound.wasm_mut());
        let unused = module
            .exports
            .iter()
            .filter(|own| own.name != "__wbindgen_start" && !glue::uses(&glue, &own.name));
        let unused: Vec<_> = unused.map(walrus::Export::id).collect();
        for export in unused {
            module.exports.delete(export);
        }
        for import in module.imports.iter_mut() {
            OURS.clone_into(&mut import.module);
        }
        dead::empty(&mut module);
        Ok((glue, module))
    }

    /// A part's script: wasm-bindgen's, the style it shows itself in, and what it borrows of the browser.
    fn script(&self, part: &str, glue: &str) -> Result<String> {
        let mut script = glue.to_owned();
        let style = self.folder.join(part).with_extension("css");
        if style.is_file() {
            let style = self.tools.style(&style)?;
            script.push_str(&format!("const style = {};\n", quoted(&style)?));
        }
        for own in scripts(part).iter().chain([&part]) {
            script.push_str(&fs::read_to_string(self.folder.join(own).with_extension("js"))?);
        }
        Ok(script)
    }

    /// Minifies a part's script.
    fn finish(&self, part: &str, script: &str) -> Result<()> {
        fs::write(self.file("whole.js"), script)?;
        let to = self.target.join(part).with_extension("js");
        self.tools.script(&self.file("whole.js"), &to, &["--format=esm"])
    }
}

/// What a part's own script builds on.
fn scripts(part: &str) -> &'static [&'static str] {
    match part {
        "ui" => &["part", "start", "kept", "frames"],
        "act" => &["part", "release"],
        _ => &["part", "start"],
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

    /// What is short for a name.
    fn short(&self, long: &str) -> String {
        let found = self.0.iter().find(|(own, _)| own == long);
        found.map_or(long, |(_, short)| short).to_owned()
    }

    /// The script that calls what it lends by short names: keys of the object of imports.
    fn keys(&self, script: &str) -> String {
        self.0.iter().fold(script.to_owned(), |script, (long, short)| {
            script.replace(&format!("        {long}: "), &format!("{short}: "))
        })
    }

    /// The script that calls a module's exports by short names: members of `object`.
    fn members(&self, script: &str, object: &str) -> String {
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

    /// Optimises a module for size; its functions keep their names.
    fn flatten(&self, from: &Path, to: &Path) -> Result<()> {
        let passes = ["--flatten", "--rereloop", "-Oz", "--converge", "--debuginfo"];
        self.optimise(from, to, &passes)
    }

    /// Optimises once more what is left of it.
    fn shrink(&self, from: &Path, to: &Path) -> Result<()> {
        self.optimise(from, to, &["-Oz", "--converge", "--strip-debug", "--strip-producers"])
    }

    fn optimise(&self, from: &Path, to: &Path, passes: &[&str]) -> Result<()> {
        run(self
            .tool("wasm-opt")
            .arg(from)
            .args(passes)
            // Below the stack's end, where nothing lies, addresses need no checks.
            .args(["--low-memory-unused", "--reorder-functions-by-name", "--reorder-locals"])
            .args(FEATURES)
            .arg("-o")
            .arg(to))
    }

    /// Shortens the names between a module and its script: those carry 16 digits of a hash each, in both.
    fn shorten(&self, from: &Path, to: &Path) -> Result<Names> {
        let printed = read(
            self.tool("wasm-opt")
                .arg(from)
                .args(["--minify-imports-and-exports", "--strip-target-features"])
                .args(FEATURES)
                .arg("-o")
                .arg(to),
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
