//! The browser client's build: its WebAssembly modules with their scripts, and the loader, each as
//! small as it gets. The collector embeds what lies in `target/client` afterwards.
//!
//! `ui` asks and `form` checks lead forms: each is compiled by itself. `tell` signs, and `act` does what only a
//! grant or a form needs: they are compiled as one and then split, so that nobody downloads the part that
//! they did not agree to, nor anything twice. What shrinks them, in order: the compact form of SHA-2, wasm-bindgen's script
//! without its general initialisation, wasm-opt, one-letter names between module and script, and swc.

mod dead;
mod glue;
mod split;
mod tools;

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use consent_wasm::banner::{self, Pieces};
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{cargo, read, run};
use tools::{Script, Tools};

/// The modules: what each is called as a feature of the crate and as a file.
pub(crate) const PARTS: [&str; 4] = ["ui", "tell", "act", "form"];
/// How the names of what the part that acts exports begin.
const ACT: &str = "act_";
/// Where a module imports from what its script lends: of no other are names shortened.
const OURS: &str = "env";
/// What readies a module's table of the page's objects.
const START: &str = "__wbindgen_start";
/// What stands in the loader for what the collector puts in: a site's configuration, and parts that come along.
const FILLED: [&str; 2] = ["__ASHIATO_CONFIG__", "__ASHIATO_CARRIED__"];
/// How a module's script says what it is.
const EXPORT: &str = "export default ";
/// What takes a script that is an expression, while it is made small: what nobody takes would be left out.
const TAKES: &str = "__ASHIATO_PART__";
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
    made.alone(&compiled(root), "ui")?;
    compile(root, "form")?;
    made.alone(&compiled(root), "form")?;
    compile(root, "tell,act")?;
    made.tell_and_act(&compiled(root))?;
    made.tools.script(
        &root.join("consent-wasm/loader.js"),
        &made.target.join("loader.js"),
        Script::Whole,
        // Whatever is wrong with the configuration, the page goes on as if the tag were not there.
        &["--banner:js=try{", "--footer:js=}catch{}"],
    )?;
    let loader = fs::read_to_string(made.target.join("loader.js"))?;
    for mark in FILLED {
        once("loader.js", &loader, mark)?;
    }
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
        // A page's calls never go deep: a stack of one page of memory leaves short addresses to what follows it.
        "-Clink-arg=-zstack-size=65536".to_owned(),
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
fn compiled(root: &Path) -> PathBuf {
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

    /// A part's module, as small as it gets.
    fn module(&self, part: &str) -> PathBuf {
        self.file(part).with_extension("wasm")
    }

    /// A part with a module of its own.
    fn alone(&self, module: &Path, part: &str) -> Result<()> {
        let (glue, mut module) = self.bind(module, part)?;
        fs::write(self.file("bound.wasm"), module.emit_wasm())?;
        self.tools.flatten(&self.file("bound.wasm"), &self.file("whole.wasm"))?;
        self.tools.shrink(&self.file("whole.wasm"), &self.file("small.wasm"))?;
        let names = self.tools.shorten(&self.file("small.wasm"), &self.module(part))?;
        let script = names.keys(&names.members(&self.script(part, &glue)?, "wasm"));
        self.finish(part, &script)
    }

    /// The part that tells, and the one that acts, which borrows of it.
    fn tell_and_act(&self, module: &Path) -> Result<()> {
        let (glue, mut module) = self.bind(module, "tell")?;
        fs::write(self.file("bound.wasm"), module.emit_wasm())?;
        self.tools.flatten(&self.file("bound.wasm"), &self.file("whole.wasm"))?;
        let (mut tell, mut act) = split::halves(&self.file("whole.wasm"), ACT)?;

        fs::write(self.file("tell_half.wasm"), tell.emit_wasm())?;
        self.tools.shrink(&self.file("tell_half.wasm"), &self.file("small.wasm"))?;
        let names = self.tools.shorten(&self.file("small.wasm"), &self.module("tell"))?;
        let script = self.script("tell", &glue::only(&glue, |name| split::imports(&tell, name)))?;
        self.finish("tell", &names.keys(&names.members(&script, "wasm")))?;

        let glue = glue::only(&glue, |name| split::imports(&act, name));
        let script = self.script("act", glue::without_functions(&glue)?)?;
        let script = script.replace(&format!("wasm.{ACT}"), &format!("own.{ACT}"));
        let script = names.members(&script, "wasm");
        split::rename(&mut act, |long| names.short(long));
        fs::write(self.file("act_half.wasm"), act.emit_wasm())?;
        self.tools.shrink(&self.file("act_half.wasm"), &self.file("small.wasm"))?;
        let names = self.tools.shorten(&self.file("small.wasm"), &self.module("act"))?;
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
        let mut glue = glue::smaller(&glue)?.replace(&format!("\"./{name}_bg.js\""), OURS);
        // A part that never holds an object has no table of them.
        let own = fs::read_to_string(self.folder.join(name).with_extension("js"))?;
        if !glue::uses(&own, START) {
            glue = glue::only(&glue, |import| import != "__wbindgen_init_externref_table");
        }
        let mut module = std::mem::take(bound.wasm_mut());
        let is_used = |name: &str| glue::uses(&glue, name) || glue::uses(&own, name);
        let unused = module.exports.iter().filter(|export| !is_used(&export.name));
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

    /// A part's script: wasm-bindgen's, the styles it shows itself in, and what it borrows of the browser.
    fn script(&self, part: &str, glue: &str) -> Result<String> {
        let mut script = glue.to_owned();
        for (name, file) in styles(part) {
            let style = self.tools.style(&self.folder.join(file))?;
            script.push_str(&format!("const {name} = {};\n", quoted(&style)?));
        }
        for (name, pieces) in shown(part) {
            script.push_str(&format!("const {name} = {};\n", quoted(&pieces.into_lines())?));
        }
        for own in scripts(part).iter().chain([&part]) {
            script.push_str(&fs::read_to_string(self.folder.join(own).with_extension("js"))?);
        }
        Ok(script)
    }

    /// Minifies a part's script. That of the part that asks becomes an expression: a function of its texts.
    fn finish(&self, part: &str, script: &str) -> Result<()> {
        let is_function = part == "ui";
        let whole = if is_function {
            let script = script.replace(EXPORT, "const begun = ");
            format!("{TAKES}(texts => {{{script}\nreturn begun;}})")
        } else {
            script.to_owned()
        };
        fs::write(self.file("whole.js"), whole)?;
        let to = self.target.join(part).with_extension("js");
        self.tools.script(&self.file("whole.js"), &to, Script::Module, &[])?;
        let mut small = fs::read_to_string(&to)?;
        if is_function {
            let rest = small.split_once(TAKES).map(|(_, rest)| rest.trim().trim_end_matches(';'));
            small = rest.context("a script that nothing takes")?.to_owned();
        }
        fs::copy(self.module(part), self.target.join(part).with_extension("wasm"))?;
        fs::write(to, small).with_context(|| format!("the script of `{part}` cannot be written"))
    }
}

/// What a part's own script builds on.
fn scripts(part: &str) -> &'static [&'static str] {
    match part {
        "ui" => &["part", "stream", "kept", "frames"],
        "act" => &["part", "stream", "release"],
        _ => &["part", "stream", "start"],
    }
}

/// A part's style sheets: the constant that each becomes, and its file.
fn styles(part: &str) -> &'static [(&'static str, &'static str)] {
    match part {
        "ui" => &[("style", "ui.css"), ("more", "more.css")],
        _ => &[],
    }
}

/// Whether a mark is there to be replaced, and once.
fn once(script: &str, text: &str, mark: &str) -> Result<()> {
    match text.matches(mark).count() {
        1 => Ok(()),
        other => bail!("{script} has {mark} {other} times, and not once"),
    }
}

/// What a part shows that is the same on every site: the constant that each becomes, and its pieces.
fn shown(part: &str) -> Vec<(&'static str, Pieces)> {
    match part {
        "ui" => vec![
            ("STATUS", banner::status()),
            ("FIRST_LAYER", banner::first_layer()),
            ("NOTICE", banner::notice()),
            ("PLACEHOLDER", banner::placeholder()),
        ],
        _ => Vec::new(),
    }
}

/// A style sheet, or pieces, as a script's constant.
fn quoted(text: &str) -> Result<String> {
    if text.contains(['`', '\\', '$']) {
        bail!("what has `, \\ or $ in it cannot stand in a script as it is");
    }
    Ok(format!("`{text}`"))
}

/// Prints what a visitor downloads.
fn report(target: &Path) -> Result<()> {
    const MEASURE: &str = r#"
        const fs = require("fs"), zlib = require("zlib"), best = { level: 9 };
        const sizes = {};
        for (const name of ["loader.js", "ui.js", "ui.wasm", "tell.js", "tell.wasm", "act.js", "act.wasm", "form.js", "form.wasm"]) {
            const raw = fs.readFileSync(name);
            sizes[name] = [raw, zlib.gzipSync(raw, best), zlib.brotliCompressSync(raw)].map(b => b.length);
        }
        const sum = names => [0, 1, 2].map(i => names.reduce((all, name) => all + sizes[name][i], 0));
        sizes["to show"] = sum(["loader.js", "ui.js"]);
        sizes["to ask"] = sum(["loader.js", "ui.js", "ui.wasm"]);
        sizes["to tell"] = sum(["tell.js", "tell.wasm"]);
        sizes["to act"] = sum(["tell.js", "tell.wasm", "act.js", "act.wasm"]);
        sizes["for a form"] = sum(["tell.js", "tell.wasm", "act.js", "act.wasm", "form.js", "form.wasm"]);
        console.log("client            raw    gzip  brotli");
        for (const [name, size] of Object.entries(sizes))
            console.log(name.padEnd(13) + size.map(n => String(n).padStart(8)).join(""));"#;
    let sizes = read(Command::new("node").args(["-e", MEASURE]).current_dir(target))?;
    eprintln!("{sizes}");
    Ok(())
}
