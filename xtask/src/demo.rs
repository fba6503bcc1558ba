//! `cargo xtask demo`: a collector and a shop on this machine, until Ctrl-C.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::process::{self, Event, Servers};

/// Whose account the demo makes.
const OWNER: &str = "owner@shop.example";

/// What the demo is started with.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the demo keeps its keys, database and site file [default: demo-data in the workspace]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Port of the collector; the shop takes the next one
    #[arg(long, value_name = "N", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..=65534))]
    port: u16,
}

/// Builds, starts and shows; returns once it was asked to stop.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    for port in [options.port, options.port + 1] {
        must_be_free(port)?;
    }
    let data = options.data.clone().unwrap_or_else(|| root.join("demo-data"));
    fs::create_dir_all(&data)
        .with_context(|| format!("cannot make the folder {}", data.display()))?;
    let demo = Demo { programs: Programs::built(root)?, data, port: options.port };
    let site = demo.write_site_file(&root.join("demo-site/shop.toml"))?;
    demo.apply()?;
    let token = demo.add_token(&site)?;
    let office = demo.office_link()?;

    let mut servers = Servers::new();
    stop_on_signals(&servers)?;
    let started = servers.start("collector", &mut demo.collector())?.is_some()
        && servers.start("shop", &mut demo.shop(&site))?.is_some();
    if !started {
        return Ok(());
    }
    must_answer(options.port, "/healthz")?;
    must_answer(options.port + 1, "/")?;
    say(&format!(
        "shop: {}\ncollector: {}\nsite: {site}\nquery token: {token}\nback office: {office}\nready",
        demo.shop_url(),
        demo.collector_url()
    ))?;
    servers.wait()
}

fn must_be_free(port: u16) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).with_context(|| {
        format!(
            "port {port} cannot be used: stop what listens there, or name another port by --port"
        )
    })
}

/// What the demo starts.
struct Programs {
    collector: PathBuf,
    shop: PathBuf,
}

impl Programs {
    /// Those that the environment names, as the tests name them; or else built now.
    fn built(root: &Path) -> Result<Self> {
        let named = |variable| std::env::var_os(variable).map(PathBuf::from);
        if let (Some(collector), Some(shop)) = (named("ASHIATO_BIN"), named("DEMO_SITE_BIN")) {
            return Ok(Self { collector, shop });
        }
        crate::build(root)?;
        let folder = root.join("target/release");
        Ok(Self { collector: folder.join("ashiato"), shop: folder.join("demo-site") })
    }
}

/// One demo's files and addresses.
struct Demo {
    programs: Programs,
    data: PathBuf,
    port: u16,
}

impl Demo {
    fn collector_url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn shop_url(&self) -> String {
        format!("http://localhost:{}", self.port + 1)
    }

    fn database_url(&self) -> String {
        format!("sqlite:{}", self.data.join("ashiato.sqlite").display())
    }

    fn site_file(&self) -> PathBuf {
        self.data.join("shop.toml")
    }

    fn ashiato(&self) -> Command {
        Command::new(&self.programs.collector)
    }

    /// The shop's site file with this demo's origin in it; returns the site's key.
    fn write_site_file(&self, source: &Path) -> Result<String> {
        let text = fs::read_to_string(source)
            .with_context(|| format!("cannot read {}", source.display()))?;
        let (key, text) = with_origin(&text, &self.shop_url())
            .with_context(|| format!("in {}", source.display()))?;
        let copy = self.site_file();
        fs::write(&copy, text).with_context(|| format!("cannot write {}", copy.display()))?;
        Ok(key)
    }

    fn apply(&self) -> Result<()> {
        let mut apply = self.ashiato();
        apply.args(["site", "apply"]).arg(self.site_file());
        let said = process::read(apply.args(["--database-url", &self.database_url()]))?;
        eprintln!("{said}");
        Ok(())
    }

    fn add_token(&self, site: &str) -> Result<String> {
        let mut add = self.ashiato();
        add.args(["token", "add", "--site", site]);
        add.args(["--scope", "query", "--scope", "leads"]);
        process::read(add.args(["--database-url", &self.database_url()]))
    }

    /// The one-time link of the owner's account, which is made where it is missing.
    fn office_link(&self) -> Result<String> {
        let url = self.database_url();
        let of_owner = |act: &[&str]| {
            let mut user = self.ashiato();
            user.arg("user").args(act).args(["--email", OWNER, "--database-url", &url]);
            process::read(user.args(["--public-url", &self.collector_url()]))
        };
        of_owner(&["add", "--role", "owner"])?;
        of_owner(&["link"])
    }

    fn collector(&self) -> Command {
        let mut serve = self.ashiato();
        serve
            .arg("serve")
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .args(["--database-url", &self.database_url()])
            .args(["--public-url", &self.collector_url()])
            .arg("--keys-file")
            .arg(self.data.join("keys"));
        serve
    }

    fn shop(&self, site: &str) -> Command {
        let mut shop = Command::new(&self.programs.shop);
        shop.args(["--listen", &format!("127.0.0.1:{}", self.port + 1)])
            .args(["--collector", &self.collector_url()])
            .args(["--site", site]);
        shop
    }
}

/// A site file with `origin` as its only origin, and the site's key.
fn with_origin(text: &str, origin: &str) -> Result<(String, String)> {
    let mut file: toml_edit::DocumentMut = text.parse().context("the site file is not TOML")?;
    let key = file
        .get("key")
        .and_then(toml_edit::Item::as_str)
        .context("the site file has no `key`")?
        .to_owned();
    let mut origins = toml_edit::Array::new();
    origins.push(origin);
    file["origins"] = toml_edit::value(origins);
    Ok((key, file.to_string()))
}

fn stop_on_signals(servers: &Servers) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("signals cannot be heard")?;
    let sender = servers.sender();
    thread::spawn(move || {
        for _ in signals.forever() {
            // Nobody listens any more once the task has ended.
            let _ = sender.send(Event::Stop);
        }
    });
    Ok(())
}

/// Asks a server of ours for a page: what listens may not be what was started.
fn must_answer(port: u16, path: &str) -> Result<()> {
    let limit = Duration::from_secs(10);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let ask = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_read_timeout(Some(limit))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
    };
    let status = ask().with_context(|| format!("nothing answers on port {port}"))?;
    if status.split(' ').nth(1) != Some("200") {
        bail!("http://localhost:{port}{path} answers {status:?} instead of 200");
    }
    Ok(())
}

fn say(lines: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{lines}")?;
    stdout.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::with_origin;

    #[test]
    fn the_origin_is_replaced_and_all_else_stays() {
        let text = "# why\nkey = \"shop\"\norigins = [\"https://a.example\"] # ours\n[name]\nen = \"Shop\"\n";
        let (key, changed) = with_origin(text, "http://localhost:9").unwrap();
        assert_eq!(key, "shop");
        assert!(
            changed.starts_with("# why\nkey = \"shop\"\norigins = [\"http://localhost:9\"]"),
            "{changed}"
        );
        assert!(changed.ends_with("[name]\nen = \"Shop\"\n"));
    }

    #[test]
    fn a_site_file_without_a_key_is_refused() {
        assert!(with_origin("origins = []", "http://localhost:9").is_err());
    }
}
