//! What the system knows about a process (Linux: `/proc/PID`). `None` where it does not say.

use std::fs;

/// A process that is watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

/// Clock ticks in a second: Linux tells every program 100, whatever the kernel counts by.
const TICKS: f64 = 100.0;

impl Process {
    /// Seconds of processor time that it has used, its kernel's share included.
    pub(crate) fn cpu(self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        seconds(&stat, 2)
    }

    /// The same of a server that works by processes of its own: it, those that it has, and those that have ended.
    pub(crate) fn cpu_of_all(self) -> Option<f64> {
        let own = seconds(&fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?, 4)?;
        let stats = fs::read_dir("/proc").ok()?.filter_map(|entry| {
            // What is not a process has no such file; a process may have ended meanwhile.
            fs::read_to_string(entry.ok()?.path().join("stat")).ok()
        });
        let children = stats.filter(|stat| parent(stat) == Some(self.0));
        Some(own + children.filter_map(|stat| seconds(&stat, 2)).sum::<f64>())
    }

    /// The most memory that it has held, in bytes.
    pub(crate) fn peak_memory(self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024.0)
    }
}

/// What stands behind the program's name, which is the second field, in brackets, and may hold spaces.
fn fields(stat: &str) -> Option<std::str::Split<'_, char>> {
    Some(stat.rsplit_once(") ")?.1.split(' '))
}

fn parent(stat: &str) -> Option<u32> {
    fields(stat)?.nth(1)?.parse().ok()
}

/// The first two times are the process's own, by itself and by the kernel for it; the next two those of its
/// children that have ended.
fn seconds(stat: &str, times: usize) -> Option<f64> {
    let ticks = fields(stat)?.skip(11).take(times);
    let ticks: f64 = ticks.map(str::parse::<f64>).sum::<Result<_, _>>().ok()?;
    Some(ticks / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_can_be_watched() {
        let own = Process(std::process::id());
        if std::path::Path::new("/proc/self/stat").exists() {
            assert!(own.cpu().unwrap() <= own.cpu_of_all().unwrap());
            assert!(own.peak_memory().unwrap() > 100_000.0);
        }
        assert_eq!(Process(u32::MAX).cpu(), None);
        assert_eq!(Process(u32::MAX).cpu_of_all(), None);
    }

    #[test]
    fn times_are_read_past_any_name() {
        let stat = "7 (a) b) S 3 7 7 0 -1 4194304 1 2 3 4 100 50 30 20 20 0 1 0 5";
        assert_eq!(parent(stat), Some(3));
        assert_eq!((seconds(stat, 2), seconds(stat, 4)), (Some(1.5), Some(2.0)));
        assert_eq!(seconds("7 (a", 2), None);
    }
}
