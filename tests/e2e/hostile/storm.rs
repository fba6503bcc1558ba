//! Thousands who open connections and end no request, announce 100 MB, send a byte at a time or JSON bombs, all at
//! once, while others come to be served.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use ashiato_tests::{Collector, Data, SHOP, Visitor, collector::UNLIMITED};
use consent_core::jws;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Who opens connections at the same time.
pub(super) const CALLERS: usize = 16;

/// As many as the system allows, ten thousand at most: an end of each is open here, and one there.
pub(super) fn how_many() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    setrlimit(Resource::Nofile, raised).unwrap();
    let files = limit.maximum.map_or(usize::MAX, |files| usize::try_from(files).unwrap());
    10_000.min(files.saturating_sub(200))
}

/// Visitors come, decide and are observed; the longest that one of them took.
fn visits(collector: &Collector) -> Duration {
    let visit = |_| {
        let begun = Instant::now();
        let visitor = Visitor::who_grants(collector, &["analytics"]);
        assert_eq!(visitor.send(collector, &[visitor.event("page_view")]).expect(200)["stored"], 1);
        assert_eq!(collector.get("/s/shop/ashiato.js").status, 200);
        begun.elapsed()
    };
    (0..5).map(visit).max().unwrap()
}

/// Sends a hundred bodies at a time, a byte each in turn.
fn drip(address: SocketAddr, body: &str, storms: impl Fn() -> bool) {
    let mut slow = Vec::new();
    while storms() {
        // Whoever has been closed is replaced.
        slow.retain_mut(|stream: &mut TcpStream| stream.write_all(b"1").is_ok());
        if slow.len() < 100
            && let Ok(mut stream) = TcpStream::connect(address)
            && stream.write_all(body.as_bytes()).is_ok()
        {
            slow.push(stream);
        }
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// Sends JSON that is small to send and large to read.
fn bomb(collector: &Collector, storms: impl Fn() -> bool) {
    let visitor = Visitor::who_grants(collector, &["analytics"]);
    let session = &visitor.session;
    let bombs = ["[".repeat(60_000), "{\"a\":".repeat(10_000), "[{},".repeat(15_000)];
    let sign = |bomb| jws::sign(&session.key, &session.text, session.now, bomb);
    for body in bombs.iter().map(|bomb| sign(bomb)).cycle() {
        if !storms() {
            break;
        }
        let answer = collector.post("/v1/events", body);
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

#[test]
fn ten_thousand_who_begin_a_request_and_do_not_end_it_among_other_trouble_hold_nobody_up() {
    let data = Data::new();
    // Without limits of calls: those who open connections and those who visit have one address here.
    let collector = Collector::start_with(&data, &UNLIMITED);
    let _ = visits(&collector);
    let quiet = collector.peak_memory();
    let address: SocketAddr = collector.authority().parse().unwrap();
    let head = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n";
    let body = format!(
        "{head}Origin: {SHOP}\r\nContent-Type: text/plain\r\nContent-Length: 60000\r\n\r\n{{"
    );
    let announced = body.replace("60000", "104857600");
    let connect = |at: usize| {
        let mut stream = TcpStream::connect(address).unwrap();
        // Whoever was sent away again has nobody to say it to.
        let _ = stream.write_all(["", head, &body, &announced][at % 4].as_bytes());
        stream
    };
    let calm = AtomicBool::new(false);
    let storms = || !calm.load(Ordering::SeqCst);
    let how_many = how_many();
    let (open, mut longest) = thread::scope(|scope| {
        let each = || (0..how_many / CALLERS).map(connect).collect::<Vec<_>>();
        scope.spawn(|| drip(address, &body, storms));
        scope.spawn(|| bomb(&collector, storms));
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(each)).collect();
        let mut longest = Duration::ZERO;
        while !callers.iter().all(thread::ScopedJoinHandle::is_finished) {
            longest = longest.max(visits(&collector));
            thread::park_timeout(Duration::from_millis(200));
        }
        calm.store(true, Ordering::SeqCst);
        let open = callers.into_iter().flat_map(|caller| caller.join().unwrap());
        (open.collect::<Vec<_>>(), longest)
    });
    longest = longest.max(visits(&collector));
    assert!(longest < Duration::from_secs(5), "a visit took {longest:?}");
    if let (Some(quiet), Some(stormy)) = (quiet, collector.peak_memory()) {
        let more = (stormy - quiet) / 1_024;
        println!("{} connections, {more} MiB more, the longest visit took {longest:?}", open.len());
        assert!(more < 256, "{more} MiB more than the {quiet} KiB of before");
    }
    assert!(!collector.log().contains("panicked"), "{}", collector.log());
}
