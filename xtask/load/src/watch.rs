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
        // The second field is the program's name in brackets, which may hold spaces.
        let (_, fields) = stat.rsplit_once(") ")?;
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: f64 = ticks.map(str::parse::<f64>).sum::<Result<_, _>>().ok()?;
        Some(ticks / TICKS)
    }

    /// The most memory that it has held, in bytes.
    pub(crate) fn peak_memory(self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_can_be_watched() {
        let own = Process(std::process::id());
        if std::path::Path::new("/proc/self/stat").exists() {
            assert!(own.cpu().is_some());
            assert!(own.peak_memory().unwrap() > 100_000.0);
        }
        assert_eq!(Process(u32::MAX).cpu(), None);
    }
}
