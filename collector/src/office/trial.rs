//! What two parts of different crowds say of one another: the interval that holds the difference in 19 of 20 trials.

/// A difference of two parts, in per cent points, and the bounds of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The second less the first.
    pub points: f64,
    /// The least that goes with what was seen.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Difference {
    /// Whether chance alone explains it.
    #[must_use]
    pub fn may_be_chance(&self) -> bool {
        self.least <= 0.0 && self.most >= 0.0
    }
}

/// Of a normal distribution, for 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// The interval of one part (Wilson's score interval), from 0 to 1; all of it where there is nobody.
#[must_use]
pub fn interval(part: i64, whole: i64) -> (f64, f64) {
    if whole <= 0 {
        return (0.0, 1.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    let (p, n) = (part.clamp(0, whole) as f64 / whole as f64, whole as f64);
    let square = Z * Z;
    let middle = (p + square / (2.0 * n)) / (1.0 + square / n);
    let half = Z / (1.0 + square / n) * (p * (1.0 - p) / n + square / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// The difference of the second part from the first (Newcombe's interval, by both Wilson intervals); none where one
/// of them has nobody.
#[must_use]
pub fn difference(first: (i64, i64), second: (i64, i64)) -> Option<Difference> {
    if first.1 <= 0 || second.1 <= 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of people")]
    let part = |(part, whole): (i64, i64)| part.clamp(0, whole) as f64 / whole as f64;
    let (p, q) = (part(first), part(second));
    let ((p_least, p_most), (q_least, q_most)) =
        (interval(first.0, first.1), interval(second.0, second.1));
    let points = q - p;
    let least = points - ((q - q_least).powi(2) + (p_most - p).powi(2)).sqrt();
    let most = points + ((q_most - q).powi(2) + (p - p_least).powi(2)).sqrt();
    Some(Difference { points: points * 100.0, least: least * 100.0, most: most * 100.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 0.0005
    }

    #[test]
    fn an_interval_is_wilsons() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29, by the score without correction.
        for ((part, whole), (least, most)) in [
            ((81, 263), (0.2553, 0.3662)),
            ((15, 148), (0.0624, 0.1605)),
            ((0, 20), (0.0, 0.1611)),
            ((1, 29), (0.0061, 0.1718)),
        ] {
            let (low, high) = interval(part, whole);
            assert!(near(low, least) && near(high, most), "{part}/{whole}: {low} {high}");
        }
        assert_eq!(interval(0, 0), (0.0, 1.0));
    }

    #[test]
    fn a_difference_is_newcombes() {
        // Newcombe 1998 (II), table II, method 10: 56/70 less 48/80 is 0.0524 to 0.3339.
        let it = difference((48, 80), (56, 70)).unwrap();
        assert!(near(it.points, 20.0) && near(it.least / 100.0, 0.0524), "{it:?}");
        assert!(near(it.most / 100.0, 0.3339) && !it.may_be_chance(), "{it:?}");
        assert!(difference((5, 10), (6, 10)).unwrap().may_be_chance());
        assert_eq!(difference((0, 0), (6, 10)), None);
    }
}
