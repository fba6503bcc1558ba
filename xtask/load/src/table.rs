//! What was measured, as Markdown.

use crate::{
    plan::{Outcome, Pair},
    window::Window,
};

/// Prints the tables.
pub(crate) fn print(outcome: &Outcome) {
    println!(
        "| connections, batches of | server | batches/s | events/s | of bare axum | by CPU | p50 ms | p99 ms | \
         CPU µs a batch | of the database | both, an event | cores busy: server, load |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for pair in &outcome.pairs {
        println!("{}", rows(pair));
    }
    let sizes: Vec<_> = outcome.pairs.iter().map(|pair| pair.size).collect();
    let size = sizes.first().copied().unwrap_or(1);
    println!("\n| collector | |\n|---|---|");
    let lines = [
        ("events acknowledged = events stored", whole(outcome.events as f64)),
        ("at half the peak, 128 connections", line(&outcome.half)),
        ("1,000 connections", line(&outcome.many)),
        ("bytes on disk an event", format!("{:.0}", outcome.bytes as f64 / outcome.events as f64)),
        ("peak memory, up to 128 connections", megabytes(outcome.memory.0)),
        ("peak memory, 1,000 connections", megabytes(outcome.memory.1)),
        ("decisions/s, 32 connections, receipt and log included", decisions(&outcome.decisions)),
    ];
    for (name, value) in lines {
        println!("| {name} | {value} |");
    }
    println!(
        "\nBatches of {size} are the usual size; “of bare axum” is the median of the rounds.\n\
         “By CPU” compares the processor time of one request, the database's included: what the rates come to\n\
         where the server has its core for itself and the load is not the limit."
    );
}

fn decisions(window: &Window) -> String {
    let cpu = window.cpu_each().map_or("?".to_owned(), |cpu| format!("{cpu:.0}"));
    format!("{}, p99 {:.1} ms, CPU {cpu} µs each", whole(window.rate()), window.p99)
}

/// One load on the collector, in a line.
fn line(window: &Window) -> String {
    let (p50, p99) = (window.p50, window.p99);
    format!("{} batches/s, p50 {p50:.1} ms, p99 {p99:.1} ms", whole(window.rate()))
}

/// The two servers under one load.
fn rows(pair: &Pair) -> String {
    let of = |measure: fn(&Window) -> f64| {
        let bare = median(pair.rounds.iter().map(|(bare, _)| measure(bare)));
        (bare, median(pair.rounds.iter().map(|(_, collector)| measure(collector))))
    };
    let rate = of(Window::rate);
    let (p50, p99) = (of(|window| window.p50), of(|window| window.p99));
    let cpu = of(|window| window.cpu_each().unwrap_or(f64::NAN));
    // SQLite works in the collector.
    let database = of(|window| window.database_each().unwrap_or(0.0)).1;
    let own_server = pair.rounds.iter().any(|(_, collector)| collector.database.is_some());
    let busy = of(|window| window.busy().0.unwrap_or(f64::NAN));
    let own = of(|window| window.busy().1.unwrap_or(f64::NAN));
    let busy = (percent(busy.0, own.0), percent(busy.1, own.1));
    let ratios: Vec<_> =
        pair.rounds.iter().map(|(bare, collector)| collector.rate() / bare.rate()).collect();
    let each: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.3}")).collect();
    let ratio = match ratios.len() {
        1 => each.join(""),
        _ => format!("**{:.3}** ({})", median(ratios.into_iter()), each.join(", ")),
    };
    let head = format!("| {}, {} |", pair.connections, pair.size);
    let events = pair.size as f64;
    format!(
        "{head} bare axum | {} | – | 1 | 1 | {:.2} | {:.2} | {} | – | – | {} |\n\
         {head} Ashiato | {} | {} | {ratio} | {:.3} | {:.1} | {:.1} | {} | {} | {} | {} |",
        whole(rate.0),
        p50.0,
        p99.0,
        micros(cpu.0),
        busy.0,
        whole(rate.1),
        whole(rate.1 * events),
        cpu.0 / (cpu.1 + database),
        p50.1,
        p99.1,
        micros(cpu.1),
        if own_server { micros(database) } else { "–".to_owned() },
        micros((cpu.1 + database) / events),
        busy.1,
    )
}

fn micros(value: f64) -> String {
    if value.is_nan() { "?".to_owned() } else { format!("{value:.1}") }
}

fn percent(server: f64, load: f64) -> String {
    format!("{:.0} %, {:.0} %", server * 100.0, load * 100.0)
}

fn megabytes(bytes: Option<f64>) -> String {
    bytes.map_or("?".to_owned(), |bytes| format!("{:.0} MB", bytes / 1e6))
}

/// A whole number, its thousands apart.
fn whole(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The middle one, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    if values.len().is_multiple_of(2) {
        at(middle.wrapping_sub(1)).midpoint(at(middle))
    } else {
        at(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(whole(1_234_567.4), "1,234,567");
        assert_eq!(whole(999.0), "999");
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < f64::EPSILON);
        assert!((median([4.0, 1.0, 2.0, 3.0].into_iter()) - 2.5).abs() < f64::EPSILON);
        assert!(median(std::iter::empty()).is_nan());
    }
}
