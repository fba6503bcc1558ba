//! Callers who take their time.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use ashiato_tests::{Collector, Data, SHOP};

const PROMPT: [&str; 6] = ["--header-timeout", "1", "--body-timeout", "1", "--idle-timeout", "2"];

/// Sends `text` a byte at a time until it is answered or the connection is closed; what came, and
/// after how long.
fn drip(collector: &Collector, whole: &str, text: &str) -> (String, Duration) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(collector.authority()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    stream.write_all(whole.as_bytes()).unwrap();
    let mut came = Vec::new();
    for byte in text.bytes().cycle() {
        let sent = stream.write_all(&[byte]);
        let mut some = [0; 1_024];
        match stream.read(&mut some) {
            Ok(0) => break,
            Ok(read) => came.extend_from_slice(&some[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
        assert!(sent.is_ok() || !came.is_empty(), "closed without an end to read");
        assert!(begun.elapsed() < Duration::from_secs(20), "it is listened to for ever");
    }
    (String::from_utf8(came).unwrap(), begun.elapsed())
}

fn head(path: &str, length: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: {SHOP}\r\nContent-Type: text/plain\r\n{length}\r\n\r\n"
    )
}

#[test]
fn a_head_that_comes_a_byte_at_a_time_is_not_waited_for() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &PROMPT);
    for begun in ["", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let (came, took) = drip(&collector, begun, "a");
        assert_eq!(came, "", "nothing is asked, so nothing is answered");
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
    assert_eq!(collector.get("/healthz").status, 200);
}

#[test]
fn a_body_that_comes_a_byte_at_a_time_is_answered_408() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &PROMPT);
    for path in ["/v1/sessions", "/v1/consents", "/v1/events", "/v1/leads"] {
        let (came, took) = drip(&collector, &head(path, "Content-Length: 5000"), "{");
        assert!(came.starts_with("HTTP/1.1 408 "), "{path}: {came}");
        assert!(came.contains("\"code\":\"timeout\""), "{path}: {came}");
        assert!(took < Duration::from_secs(5), "{path}: {took:?}");
    }
    let (came, _) =
        drip(&collector, &head("/v1/events", "Transfer-Encoding: chunked"), "1\r\na\r\n");
    assert!(came.starts_with("HTTP/1.1 408 "), "{came}");
}

#[test]
fn a_hundred_megabytes_that_are_announced_are_refused_before_they_are_sent() {
    let data = Data::new();
    let collector = Collector::start(&data);
    for path in ["/v1/sessions", "/v1/consents", "/v1/events", "/v1/leads"] {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(collector.authority()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(head(path, "Content-Length: 104857600").as_bytes()).unwrap();
        let mut came = String::new();
        stream.read_to_string(&mut came).unwrap();
        assert!(came.starts_with("HTTP/1.1 413 "), "{path}: {came}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{path}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_body_without_an_end_is_cut_off_at_the_limit() {
    let data = Data::new();
    let collector = Collector::start(&data);
    // What it takes once to answer any call is no part of this one.
    for _ in 0..50 {
        let _ = collector.post("/v1/events", "x".repeat(60 << 10)).expect(401);
    }
    let before = collector.peak_memory();
    let mut stream = TcpStream::connect(collector.authority()).unwrap();
    stream.write_all(head("/v1/events", "Transfer-Encoding: chunked").as_bytes()).unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let mut sent = 0;
    while stream.write_all(chunk.as_bytes()).is_ok() {
        sent += chunk.len();
        assert!(sent < 100 << 20, "it is listened to for ever");
    }
    if let (Some(before), Some(after)) = (before, collector.peak_memory()) {
        assert!(after < before + 16 * 1_024, "{before} KiB before, {after} after");
    }
}

#[test]
fn a_head_that_is_too_long_or_has_too_many_lines_is_refused() {
    let data = Data::new();
    let collector = Collector::start(&data);
    let lines = "X-Line: 1\r\n".repeat(200);
    let long = format!("X-Long: {}\r\n", "x".repeat(100 << 10));
    for extra in [lines, long] {
        let mut stream = TcpStream::connect(collector.authority()).unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{extra}\r\n");
        // It may be refused before it is sent.
        let _ = stream.write_all(request.as_bytes());
        let mut start = [0; 12];
        let read = stream.read_exact(&mut start);
        assert!(read.is_err() || &start == b"HTTP/1.1 431", "{start:?}");
    }
    assert_eq!(collector.get("/healthz").status, 200);
}

#[test]
fn a_connection_without_a_request_is_closed_and_one_in_use_is_kept() {
    let data = Data::new();
    let collector = Collector::start_with(&data, &PROMPT);
    let mut stream = TcpStream::connect(collector.authority()).unwrap();
    let ask = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut answer = vec![0; 4_096];
    for _ in 0..3 {
        stream.write_all(ask.as_bytes()).unwrap();
        let read = stream.read(&mut answer).unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200 "));
    }
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(stream.read(&mut answer).unwrap(), 0, "closed by the collector");
}
