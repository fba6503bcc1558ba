//! The banner beside others on the same page, in Chromium.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::{
    Options,
    collector::{Data, ORIGIN},
    folder,
};
use crate::{
    install,
    process::{self, Servers},
};

/// Starts a collector, installs the others, and lets Node.js drive the browser.
pub(super) fn run(root: &Path, options: &Options) -> Result<()> {
    let chromium = install::for_chromium(root)?;
    let scripts = root.join("xtask/src/bench/client");
    let packages = root.join("target/bench/packages");
    others(&scripts, &packages)?;

    let port = free_port()?;
    let ashiato = root.join("target/release/ashiato");
    let data = Data { folder: folder(root, "client")?, ashiato: &ashiato, server: None };
    let site = root.join("demo-site/shop.toml");
    let text =
        fs::read_to_string(&site).with_context(|| format!("cannot read {}", site.display()))?;
    let site = data.folder.join("shop.toml");
    fs::write(&site, text.replace(ORIGIN, &format!("http://localhost:{port}")))?;
    data.apply(&site)?;

    // Times that pass are those of this run only where nothing else is let in between.
    let real_time = is_allowed_real_time();
    let at_once = |program: &Path| {
        if !real_time {
            return Command::new(program);
        }
        let mut first = Command::new("chrt");
        first.args(["--rr", "1"]).arg(program);
        first
    };
    let mut servers = Servers::new();
    let mut serve = at_once(&ashiato);
    // By the name that the page has too, so that both are one site to the browser.
    let own = free_port()?;
    let url = format!("http://localhost:{own}");
    serve.env("ASHIATO_PUBLIC_URL", &url);
    servers.start("collector", data.serve(&mut serve, own))?.context("stopped before it began")?;
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 7 });
    println!("## Client\n");
    let mut node = at_once(Path::new("node"));
    if let Some(file) = &options.json {
        node.env("JSON_FILE", std::path::absolute(file)?);
    }
    if real_time {
        node.env("REAL_TIME", "yes");
    }
    process::run(
        node.arg(scripts.join("main.mjs"))
            .env("COLLECTOR", url)
            .env("PORT", port.to_string())
            .env("PACKAGES", packages.join("node_modules"))
            .env("PLAYWRIGHT", root.join("tests/browser/package.json"))
            .env("CLIENT", root.join("target/client"))
            .env("CHROMIUM", chromium)
            .env("ROUNDS", rounds.to_string()),
    )
}

/// Installs the banners that ours is compared with. They are no part of the project.
fn others(scripts: &Path, packages: &Path) -> Result<()> {
    fs::create_dir_all(packages)?;
    let wanted = scripts.join("package.json");
    let list = packages.join("package.json");
    let done = packages.join("node_modules/.package-lock.json");
    if done.is_file() && fs::read(&wanted)? == fs::read(&list).unwrap_or_default() {
        return Ok(());
    }
    fs::copy(wanted, list)?;
    eprintln!("installing the banners to compare with: npm install in target/bench/packages");
    process::run(
        Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(packages),
    )
}

/// Whether programs may be run ahead of all ordinary ones.
fn is_allowed_real_time() -> bool {
    let tried = Command::new("chrt").args(["--rr", "1", "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
