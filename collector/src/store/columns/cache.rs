//! Blobs that were read, kept as long as they are used: by the random tag of their part, which is another one whatever
//! the database. What is not used for a minute goes, so that nothing erased stays longer.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::columns::Column;

/// Bytes that are kept, at most.
const ROOM: usize = 64 << 20;
/// How long what nobody uses is kept.
const KEPT: Duration = Duration::from_secs(60);

pub(super) type Blob = Arc<[u8]>;

#[derive(Default)]
struct Cache {
    blobs: HashMap<(i64, Column), (Blob, Instant)>,
    bytes: usize,
    damaged: Vec<i64>,
}

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

fn cache() -> MutexGuard<'static, Cache> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn get(tag: i64, column: Column) -> Option<Blob> {
    let mut cache = cache();
    let (blob, used) = cache.blobs.get_mut(&(tag, column))?;
    *used = Instant::now();
    Some(Arc::clone(blob))
}

pub(super) fn put(tag: i64, column: Column, blob: &Blob) {
    let mut cache = cache();
    // What would push everything else out is not kept.
    if blob.len() > ROOM / 8 {
        return;
    }
    if let Some((before, _)) = cache.blobs.insert((tag, column), (Arc::clone(blob), Instant::now()))
    {
        cache.bytes -= before.len();
    }
    cache.bytes += blob.len();
    if cache.bytes > ROOM {
        cache.shrink(ROOM / 4 * 3);
    }
}

/// Forgets what was not used for a while.
pub(super) fn tidy() {
    cache().retain(|_, used| used.elapsed() < KEPT);
}

/// Forgets parts that are no more.
pub(super) fn forget(tags: &[i64]) {
    cache().retain(|(tag, _), _| !tags.contains(&tag));
}

/// Says that a part is damaged.
pub(super) fn damaged(tag: i64) {
    forget(&[tag]);
    let mut cache = cache();
    if !cache.damaged.contains(&tag) {
        cache.damaged.push(tag);
    }
}

/// Parts that are damaged, of any database.
pub(super) fn all_damaged() -> Vec<i64> {
    cache().damaged.clone()
}

/// Says that a damaged part is made anew.
pub(super) fn mended(tag: i64) {
    cache().damaged.retain(|own| *own != tag);
}

impl Cache {
    fn retain(&mut self, keep: impl Fn((i64, Column), &Instant) -> bool) {
        let mut bytes = 0;
        self.blobs.retain(|key, (blob, used)| {
            let kept = keep(*key, used);
            bytes += if kept { blob.len() } else { 0 };
            kept
        });
        self.bytes = bytes;
    }

    /// Drops what was used the longest ago, until so many bytes are left.
    fn shrink(&mut self, to: usize) {
        let mut all: Vec<_> =
            self.blobs.iter().map(|(key, (blob, used))| (*used, *key, blob.len())).collect();
        all.sort_unstable();
        for (_, key, length) in all {
            if self.bytes <= to {
                break;
            }
            self.blobs.remove(&key);
            self.bytes -= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_kept_and_there_is_an_end_to_it() {
        let blob: Blob = vec![7; ROOM / 16].into();
        let tags: Vec<i64> = (-1_000..-960).collect();
        for tag in &tags {
            put(*tag, Column::At, &blob);
            assert!(get(-1_000, Column::At).is_some(), "it is used all the time");
        }
        assert!(cache().bytes <= ROOM);
        assert!(get(-999, Column::At).is_none());
        assert!(get(-961, Column::At).is_some());
        forget(&tags);
        assert!(get(-961, Column::At).is_none());
    }
}
