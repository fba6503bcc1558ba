//! The banner beside others on the same page, in Chromium.

use std::{fs, net::TcpListener, path::Path, process::Command};

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
    let data = Data { folder: folder(root, "client")?, ashiato: &ashiato };
    let site = root.join("demo-site/shop.toml");
    let text =
        fs::read_to_string(&site).with_context(|| format!("cannot read {}", site.display()))?;
    let site = data.folder.join("shop.toml");
    fs::write(&site, text.replace(ORIGIN, &format!("http://localhost:{port}")))?;
    data.apply(&site)?;

    let mut servers = Servers::new();
    let mut serve = Command::new(&ashiato);
    let url = servers.start("collector", data.serve(&mut serve))?;
    let url = url.context("stopped before it began")?;
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 7 });
    println!("## Client\n");
    process::run(
        Command::new("node")
            .arg(scripts.join("main.mjs"))
            // By the name that the page has too, so that both are one site to the browser.
            .env("COLLECTOR", url.replace("127.0.0.1", "localhost"))
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

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
