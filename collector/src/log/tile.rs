//! Tiles (C2SP tlog-tiles): the tree's hashes in runs of 256, at addresses that never change.
//!
//! Level 0 holds the leaves' hashes, level 1 the roots over 256 leaves each, level 2 the roots over
//! 256 of those.

use std::fmt::Write as _;

use super::tree::Node;

/// Hashes of a full tile.
pub const WIDTH: u64 = 256;
/// The levels of the tree from one level of tiles to the next.
const HEIGHT: u32 = 8;

/// A tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its level, at most 63.
    pub level: u32,
    /// Which one of its level, from 0.
    pub index: u64,
    /// How many hashes it has, 1 to 256.
    pub width: u64,
}

impl Tile {
    /// The tile at `tile/LEVEL/REST`.
    #[must_use]
    pub fn parse(level: &str, rest: &str) -> Option<Self> {
        let level = number(level).filter(|level| *level <= 63)?;
        let (path, width) = match rest.split_once(".p/") {
            // A full tile has one address only.
            Some((path, width)) => (path, number(width).filter(|w| (1..WIDTH).contains(w))?),
            None => (rest, WIDTH),
        };
        let (before, last) = path.rsplit_once('/').map_or((None, path), |(b, l)| (Some(b), l));
        let groups = before.map_or_else(Vec::new, |before| before.split('/').collect());
        let first = groups.first().copied().unwrap_or(last);
        let mut index = 0_u64;
        for group in groups.iter().map(|group| group.strip_prefix('x')).chain([Some(last)]) {
            let digits = group.filter(|group| {
                group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit())
            })?;
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        if first == "x000" {
            return None;
        }
        Some(Self { level: u32::try_from(level).ok()?, index, width })
    }

    /// Its address below the log's: `tile/0/x001/234.p/56`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut groups = vec![format!("{:03}", self.index % 1_000)];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        groups.reverse();
        let mut path = format!("tile/{}/{}", self.level, groups.join("/"));
        if self.width < WIDTH {
            // Writing to a string cannot fail.
            let _ = write!(path, ".p/{}", self.width);
        }
        path
    }

    /// Its first hash, counted along its level.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.index.checked_mul(WIDTH)
    }
}

/// A decimal number without leading zeros.
fn number(text: &str) -> Option<u64> {
    let canonical = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

/// The run of hashes at one level of tiles under which a subtree lies: `(level, first, count)`.
#[must_use]
pub fn run(node: Node) -> (u32, u64, u64) {
    let up = node.level % HEIGHT;
    (node.level / HEIGHT, node.index << up, 1 << up)
}

/// The level of tiles that holds a subtree's root as one of its hashes, if any does.
#[must_use]
pub fn level_of(node: Node) -> Option<u32> {
    node.level.is_multiple_of(HEIGHT).then_some(node.level / HEIGHT)
}

/// Every tile of a tree of that size, level by level; the last of a level may be partial.
pub fn all(size: u64) -> impl Iterator<Item = Tile> {
    let mut at = (0_u32, size);
    std::iter::from_fn(move || {
        let (level, hashes) = at;
        at = (level + 1, hashes / WIDTH);
        (hashes > 0).then(|| {
            (0..hashes.div_ceil(WIDTH)).map(move |index| Tile {
                level,
                index,
                width: WIDTH.min(hashes - index * WIDTH),
            })
        })
    })
    .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_those_of_the_specification() {
        let tile = |level, index, width| Tile { level, index, width };
        for (path, expected) in [
            ("tile/0/000", tile(0, 0, 256)),
            ("tile/0/x001/x234/067", tile(0, 1_234_067, 256)),
            ("tile/3/x002/000.p/17", tile(3, 2_000, 17)),
        ] {
            assert_eq!(expected.path(), path);
            let rest = path.strip_prefix("tile/").unwrap();
            let (level, rest) = rest.split_once('/').unwrap();
            assert_eq!(Tile::parse(level, rest), Some(expected), "{path}");
        }
        for (level, rest) in [
            ("64", "000"),
            ("00", "000"),
            ("-1", "000"),
            ("0", "0"),
            ("0", "x000/001"),
            ("0", "001/001"),
            ("0", "x001/x001"),
            ("0", "000.p/0"),
            ("0", "000.p/256"),
            ("0", "000.p/01"),
            ("0", "000.p/"),
            ("0", ""),
            ("0", "+01"),
            ("0", "x99/999"),
            ("0", "x999/x999/x999/x999/x999/x999/999"),
        ] {
            assert_eq!(Tile::parse(level, rest), None, "{level}/{rest}");
        }
    }

    proptest! {
        #[test]
        fn an_address_is_the_one_that_others_write(
            level in 0_u8..8, index in 0_u64..2_000_000_000, width in 1_u32..=256
        ) {
            let ours = Tile { level: level.into(), index, width: width.into() }.path();
            let theirs = tlog_tiles::Tile::new(8, level, index, width, false).path();
            prop_assert_eq!(&theirs.replacen("tile/8/", "tile/", 1), &ours);
            let (level, rest) = ours["tile/".len()..].split_once('/').unwrap();
            prop_assert_eq!(Tile::parse(level, rest).unwrap().path(), ours.clone());
        }
    }

    #[test]
    fn a_tree_has_a_level_of_tiles_for_each_256_of_the_one_below() {
        let of = |size| all(size).map(|tile| (tile.level, tile.index, tile.width));
        assert_eq!(of(0).count(), 0);
        assert_eq!(of(1).collect::<Vec<_>>(), [(0, 0, 1)]);
        assert_eq!(of(256).collect::<Vec<_>>(), [(0, 0, 256), (1, 0, 1)]);
        assert_eq!(of(600).collect::<Vec<_>>(), [(0, 0, 256), (0, 1, 256), (0, 2, 88), (1, 0, 2)]);
    }
}
