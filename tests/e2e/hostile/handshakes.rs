//! Thousands who open connections to a listener with TLS and never agree on keys, while others come to be served.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use ashiato_tests::{Collector, Data};

use super::storm::{CALLERS, how_many};
use crate::tls::{Made, make};

/// Nothing, a part of what a caller says first, and all of it without a word after.
fn begin(collector: &Collector, hello: &[u8], at: usize) -> TcpStream {
    let mut stream = TcpStream::connect(collector.authority()).unwrap();
    let said = [0, hello.len() / 2, hello.len()][at % 3];
    // Whoever was sent away again has nobody to say it to.
    let _ = stream.write_all(&hello[..said]);
    stream
}

/// Somebody comes, agrees on keys and is answered; how long that took.
fn visit(made: &Made, collector: &Collector) -> Duration {
    let begun = Instant::now();
    for path in ["/readyz", "/s/shop/ashiato.js"] {
        let answer = made.get(collector, path).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    begun.elapsed()
}

/// Waits until the other side has closed.
fn wait_until_closed(mut stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut some = [0; 4_096];
    loop {
        match stream.read(&mut some) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
            Err(error) => assert_eq!(error.to_string(), "", "it is not closed"),
        }
    }
}

#[test]
fn ten_thousand_who_do_not_agree_on_keys_hold_nobody_up_and_are_closed() {
    let data = Data::new();
    let (made, unlimited) = (make(), ["--rate-per-address", "0"]);
    let collector = made.start(&data, &unlimited);
    let _ = visit(&made, &collector);
    let quiet = collector.peak_memory();
    let hello = made.hello();
    let how_many = how_many();
    let (open, mut longest) = thread::scope(|scope| {
        let each = || (0..how_many / CALLERS).map(|at| begin(&collector, &hello, at)).collect();
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(each)).collect();
        let mut longest = Duration::ZERO;
        while !callers.iter().all(thread::ScopedJoinHandle::is_finished) {
            longest = longest.max(visit(&made, &collector));
        }
        let open = callers.into_iter().flat_map(|caller| -> Vec<_> { caller.join().unwrap() });
        (open.collect::<Vec<_>>(), longest)
    });
    longest = longest.max(visit(&made, &collector));
    assert!(longest < Duration::from_secs(5), "a visit took {longest:?}");
    if let (Some(quiet), Some(stormy)) = (quiet, collector.peak_memory()) {
        let more = (stormy - quiet) / 1_024;
        println!("{} connections, {more} MiB more, the longest visit took {longest:?}", open.len());
        assert!(more < 256, "{more} MiB more than the {quiet} KiB of before");
    }
    let begun = Instant::now();
    open.into_iter().for_each(wait_until_closed);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(20), "the last one was closed after {took:?}");
    let _ = visit(&made, &collector);
    assert!(!collector.log().contains("panicked"), "{}", collector.log());
}

#[test]
fn agreeing_on_keys_counts_into_the_time_of_a_head() {
    let data = Data::new();
    let made = make();
    let collector = made.start(&data, &["--header-timeout", "1"]);
    let begun = Instant::now();
    let hello = made.hello();
    (0..3).map(|at| begin(&collector, &hello, at)).for_each(wait_until_closed);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "the last one was closed after {took:?}");
    assert!(made.get(&collector, "/healthz").is_ok());
}
