//! `cargo xtask demo`, from its first line to its end.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use ashiato_tests::{
    Data,
    http::{agent, send},
    process::program,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use ureq::http::Request;

/// A demo; told to stop when dropped, so that it can end what it started.
struct Demo {
    child: Child,
    port: u16,
}

impl Demo {
    /// Starts one on the programs that are built already.
    fn start(data: &Data) -> Self {
        let port = two_free_ports();
        let child = Command::new(program("XTASK_BIN", "xtask"))
            .args(["demo", "--port", &port.to_string(), "--data"])
            .arg(data.path("demo"))
            .env("ASHIATO_BIN", program("ASHIATO_BIN", "ashiato"))
            .env("DEMO_SITE_BIN", program("DEMO_SITE_BIN", "demo-site"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, port }
    }

    /// What it says until it is ready.
    fn said(&mut self) -> BTreeMap<String, String> {
        let lines = BufReader::new(self.child.stdout.take().unwrap()).lines();
        let mut said = BTreeMap::new();
        for line in lines.map(Result::unwrap) {
            match line.split_once(": ") {
                Some((name, value)) => said.insert(name.to_owned(), value.to_owned()),
                None if line == "ready" => return said,
                None => unreachable!("{line:?} is not one of the demo's lines"),
            };
        }
        unreachable!("the demo ended before it was ready: {said:?}")
    }

    fn tell(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

/// A free port after which another is free.
fn two_free_ports() -> u16 {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
    unreachable!("no two ports in a row are free")
}

#[test]
fn the_demo_says_where_everything_is_and_takes_it_down_again() {
    let data = Data::empty();
    for signal in [Signal::INT, Signal::TERM] {
        let mut demo = Demo::start(&data);
        let said = demo.said();
        assert_eq!(said["shop"], format!("http://localhost:{}", demo.port + 1));
        assert_eq!(said["collector"], format!("http://localhost:{}", demo.port));
        assert_eq!(said["site"], "shop");
        let get = |url: &str| {
            let request = Request::get(url).body(Vec::new()).unwrap();
            send(&agent(), request).unwrap()
        };
        let page = get(&said["shop"]);
        assert!(
            page.body.contains(&format!("{}/s/shop/ashiato.js", said["collector"])),
            "{page:?}"
        );
        assert_eq!(get(&format!("{}/s/shop/ashiato.js", said["collector"])).status, 200);
        let office = &said["back office"];
        assert!(office.starts_with(&format!("{}/office/link/", said["collector"])), "{office}");
        assert!(get(office).body.contains("owner@shop.example"), "{office}");
        let range = ["2026-11-01", "2026-11-22"];
        let query = json!({"site": "shop", "metrics": ["visitors"], "date_range": range});
        let request = Request::post(format!("{}/api/v1/query", said["collector"]))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", said["query token"]))
            .body(query.to_string().into_bytes())
            .unwrap();
        assert_eq!(send(&agent(), request).unwrap().status, 200);
        demo.tell(signal);
        assert!(demo.child.wait().unwrap().success());
        for port in [demo.port, demo.port + 1] {
            assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "nobody listens on {port}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let data = Data::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let output = Command::new(program("XTASK_BIN", "xtask"))
        .args(["demo", "--port", &port.to_string(), "--data"])
        .arg(data.path("demo"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&port.to_string()) && said.contains("--port"), "{said}");
}
