use super::*;

fn row(name: &str, times: i64, visitors: i64) -> (String, i64, i64) {
    (name.to_owned(), times, visitors)
}

const fn minute(views: i64, viewers: i64, visitors: i64) -> Minute {
    Minute { views, viewers, visitors }
}

fn half_hour() -> Recent {
    Recent {
        visitors: 12,
        views: 30,
        viewers: 10,
        minutes: BTreeMap::from([
            (0, minute(9, 8, 8)),
            (1, minute(2, 1, 7)),
            (2, minute(0, 0, 9)),
            (3, minute(6, 5, 5)),
            (4, minute(0, 0, 2)),
        ]),
        pages: vec![row("/", 20, 10), row("/rare", 8, 1), row("/tea", 5, 5)],
        events: vec![row("click", 9, 6)],
    }
}

#[test]
fn of_the_half_hour_rows_of_few_are_taken_out_with_another() {
    let mut told = half_hour();
    let hidden = recent(&mut told, None, 5);
    assert!(hidden.is_any() && !hidden.whole && !hidden.views);
    // One viewed pages a minute ago: that goes with the minute of the next fewest viewers, and not with one without
    // any. Two came four minutes ago.
    assert_eq!(hidden.minutes, BTreeSet::from([1, 3, 4]));
    assert_eq!(told.minutes.keys().copied().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(hidden.rows, [true, false]);
    assert_eq!(told.pages, [row("/", 20, 10)]);
    assert_eq!(told.events, [row("click", 9, 6)]);
}

#[test]
fn of_a_segment_a_minute_or_page_is_not_told_in_which_few_others_were() {
    let none = Recent::default();
    let mut told = half_hour();
    assert_eq!(recent(&mut told, Some(&none), 5), recent(&mut half_hour(), None, 5));
    assert!(recent(&mut Recent::default(), Some(&half_hour()), 5).whole, "nor that nobody came");
    assert!(recent(&mut half_hour(), Some(&Recent { visitors: 4, ..none.clone() }), 5).whole);
    let others = Recent {
        visitors: 20,
        viewers: 4,
        minutes: BTreeMap::from([(0, minute(1, 1, 6)), (2, minute(0, 0, 9))]),
        pages: vec![row("/", 9, 6), row("/tea", 7, 3)],
        events: vec![row("click", 1, 1)],
        ..none
    };
    let mut told = half_hour();
    let hidden = recent(&mut told, Some(&others), 5);
    assert!(hidden.views && !hidden.whole);
    assert_eq!(
        hidden.minutes,
        BTreeSet::from([0, 1, 3, 4]),
        "one of the others viewed a page just now"
    );
    assert_eq!((told.pages, told.events), (vec![], vec![]), "the front page goes with tea");
}

#[test]
fn a_half_hour_of_few_is_not_told_nor_views_of_few() {
    let mut told = Recent { visitors: 4, ..half_hour() };
    let hidden = recent(&mut told, None, 5);
    assert!(hidden.whole && hidden.is_any());
    assert_eq!(told, Recent::default());
    let mut told = Recent { viewers: 1, ..half_hour() };
    assert!(recent(&mut told, None, 5).views);
    assert_eq!(told.views, 0);
    let mut none = Recent::default();
    assert!(!recent(&mut none, None, 5).is_any(), "nobody is told");
}

#[test]
fn without_a_threshold_nothing_is_taken_out() {
    let mut told = half_hour();
    assert!(!recent(&mut told, None, 1).is_any());
    assert_eq!(told, half_hour());
    assert_eq!(hours(&[(3, 7, 1)], &[], 1)[3], Some(7));
    assert_eq!(spans([1, 0, 2], 1), [Some(1), Some(0), Some(2)]);
}

#[test]
fn an_hour_of_few_goes_with_the_smallest_of_the_others() {
    let told = hours(&[(0, 40, 20), (9, 3, 1), (10, 9, 6), (23, 8, 7)], &[], 5);
    assert_eq!(
        (told[0], told[9], told[10], told[23], told[5]),
        (Some(40), None, None, Some(8), Some(0))
    );
}

fn decision(page: &str, method: &str, n: i64) -> (String, String, i64) {
    (page.to_owned(), method.to_owned(), n)
}

#[test]
fn pages_on_which_few_chose_are_taken_out_and_those_with_most_are_left() {
    let all = || {
        vec![
            decision("/a", "accept_all", 4),
            decision("/a", "withdraw", 9),
            decision("/b", "accept_all", 6),
            decision("/b", "reject_all", 6),
            decision("/c", "custom", 7),
            decision("/d", "gpc", 8),
        ]
    };
    let mut told = all();
    assert!(pages(&mut told, 5, 10));
    let named: Vec<_> = told.iter().map(|(page, ..)| page.as_str()).collect();
    assert_eq!(named, ["/b", "/b", "/d"], "four chose on /a, and /c goes with it");
    let mut told = all();
    assert!(!pages(&mut told, 1, 2));
    let named: Vec<_> = told.iter().map(|(page, ..)| page.as_str()).collect();
    assert_eq!(named, ["/b", "/b", "/d"], "those on which most chose");
}

fn decided((banner, device): (&str, &str), method: &str, n: i64) -> Decided {
    Decided {
        method: method.to_owned(),
        language: "ja".to_owned(),
        banner: banner.to_owned(),
        device: device.to_owned(),
        n,
    }
}

#[test]
fn versions_with_which_few_chose_are_not_named() {
    let of = |banner, method, n| decided((banner, ""), method, n);
    let decided = [
        of("a", "accept_all", 6),
        of("a", "reject_all", 3),
        of("b", "custom", 2),
        of("b", "withdraw", 9),
        of("c", "gpc", 5),
        of("d", "withdraw", 1),
    ];
    let told = values(&decided, |it| it.banner.as_str(), 5);
    assert_eq!(told, (vec!["a"], true));
    let told = values(&decided, |it| it.banner.as_str(), 1);
    assert_eq!(told, (vec!["a", "b", "c", "d"], false));
    assert_eq!(values(&decided, |it| it.language.as_str(), 5), (vec!["ja"], false));
}

#[test]
fn devices_on_which_few_chose_or_were_asked_are_not_named() {
    let of = |device, method, n| decided(("a", device), method, n);
    let decided = [
        of("phone", "accept_all", 20),
        of("phone", "reject_all", 9),
        of("computer", "custom", 12),
        of("tablet", "gpc", 2),
        of("", "withdraw", 3),
    ];
    let asked = |all: &[(&str, i64)]| -> BTreeMap<String, i64> {
        all.iter().map(|(device, n)| ((*device).to_owned(), *n)).collect()
    };
    let all = asked(&[("phone", 40), ("computer", 15), ("tablet", 9)]);
    let told = vec![("", 0), ("computer", 15), ("phone", 40), ("tablet", 9)];
    assert_eq!(devices(&decided, &all, 1), (told, false));
    let told = vec![("phone", 40)];
    assert_eq!(
        devices(&decided, &all, 5),
        (told, true),
        "two chose on a tablet; a computer goes too"
    );
    // Nobody chose on it, and few were asked: that they did not choose would be theirs alone.
    let few = asked(&[("phone", 40), ("computer", 15), ("", 3)]);
    let told = vec![("phone", 40)];
    assert_eq!(devices(&decided[..3], &few, 5), (told, true));
    assert_eq!(devices(&[], &asked(&[]), 5), (vec![], false));
}

#[test]
fn parts_of_few_together_are_none_of_them_told() {
    assert_eq!(spans([0, 2, 0], 5), [None; 3], "the only one would be all");
    assert_eq!(spans([0, 2, 9, 6], 5), [Some(0), None, Some(9), None]);
    assert_eq!(spans([0, 0], 5), [Some(0), Some(0)]);
    assert_eq!(spans([3, 3], 5), [None; 2]);
}
