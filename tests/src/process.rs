//! Programs of the workspace, run to their end or in the background.

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};

/// Where a program of the workspace is: as the environment says, or beside the test.
///
/// # Panics
/// Where it has not been built.
#[must_use]
pub fn program(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("the test has a path");
    let profile = test.parent().and_then(Path::parent);
    let path = profile.expect("tests lie in target/PROFILE/deps").join(name);
    assert!(
        path.is_file(),
        "{name} has not been built: run `cargo xtask test`, or `cargo build --package {name}` first"
    );
    path
}

/// Waits until it is so.
///
/// # Panics
/// Where it is not within half a minute.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed().as_secs() < 30, "half a minute is over: {what}");
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

/// What a program said before it ended.
#[derive(Debug)]
pub struct Said {
    /// How it ended.
    pub status: ExitStatus,
    /// On its standard output.
    pub out: String,
    /// On its standard error.
    pub err: String,
}

/// Runs the `ashiato` command to its end.
///
/// # Panics
/// Where it cannot be run.
pub fn ashiato<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Said {
    let output = Command::new(program("ASHIATO_BIN", "ashiato"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("ashiato can be run");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("ashiato prints UTF-8");
    Said { status: output.status, out: text(output.stdout), err: text(output.stderr) }
}

/// A server in the background; ended when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Open as long as the server may write to it.
    stdout: BufReader<ChildStdout>,
    stderr: PathBuf,
    url: String,
}

impl Server {
    /// Starts it and waits for its `listening on` line.
    ///
    /// # Panics
    /// Where it ends before that; with what it said.
    #[must_use]
    pub fn start(command: &mut Command, stderr: &Path) -> Self {
        let log = File::options().append(true).create(true).open(stderr);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("the server's log can be written"))
            .spawn()
            .expect("the server can be started");
        let stdout = child.stdout.take().expect("its output is piped");
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        let read = stdout.read_line(&mut line);
        let said = || std::fs::read_to_string(stderr).unwrap_or_default();
        assert!(read.is_ok(), "the server's output is no text: {}", said());
        let Some(url) = line.trim_end().strip_prefix("listening on ") else {
            let _ = child.kill();
            let status = child.wait();
            panic_with(&format!(
                "the server said {line:?} and not where it listens ({status:?}):\n{}",
                said()
            ));
        };
        Self { url: url.to_owned(), child, stdout, stderr: stderr.to_owned() }
    }

    /// The next line that it prints.
    ///
    /// # Panics
    /// Where it prints no text.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the server prints text");
        line.trim_end().to_owned()
    }

    /// Its address, as it said.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it has said on standard error.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// The most physical memory that it has held, in KiB, where the system tells.
    #[must_use]
    pub fn peak_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    /// `kill -9`.
    pub fn kill(&self) {
        // It may have ended by itself; until it is waited for, its id is nobody else's.
        let _ = kill_process(Pid::from_child(&self.child), Signal::KILL);
    }

    /// `SIGTERM`.
    pub fn terminate(&self) {
        // As above.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
    }

    /// `SIGHUP`.
    pub fn hang_up(&self) {
        // As above.
        let _ = kill_process(Pid::from_child(&self.child), Signal::HUP);
    }

    /// Lets it write no byte to any file from now on, or again; as where a disk is full. Whoever writes is told,
    /// if the program ignores `SIGXFSZ`.
    ///
    /// # Panics
    /// Where the system does not set the limit.
    pub fn let_write(&self, may: bool) {
        let limit = getrlimit(Resource::Fsize);
        let limit = Rlimit { current: if may { limit.current } else { Some(0) }, ..limit };
        let set = prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit);
        set.expect("a process may limit its children");
    }

    /// `SIGSTOP`: from now on it does nothing, and nobody is told.
    pub fn freeze(&self) {
        // As above.
        let _ = kill_process(Pid::from_child(&self.child), Signal::STOP);
    }

    /// `SIGCONT`: it goes on as if no time had passed.
    pub fn thaw(&self) {
        // As above.
        let _ = kill_process(Pid::from_child(&self.child), Signal::CONT);
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// Where there is no such process.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the server is our child")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- what the server said ---\n{}", self.log());
        }
    }
}

#[expect(clippy::panic, reason = "a test cannot go on, and the message is all there is to say")]
pub(crate) fn panic_with(message: &str) -> ! {
    panic!("{message}")
}
