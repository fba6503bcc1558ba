//! Programs that a task runs: to their end, or in the background until they are told to stop.
//!
//! Only processes started here are ever ended, each by its own id.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to end its open requests.
const GRACE: Duration = Duration::from_secs(10);
/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// Cargo on this workspace, with one target folder whatever the caller's environment says.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = Command::new(program);
    cargo.current_dir(root).env("CARGO_TARGET_DIR", root.join("target"));
    cargo
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run `{}`", line(command)))?;
    if status.success() { Ok(()) } else { bail!("`{}` failed ({status})", line(command)) }
}

/// Runs a program to its end and takes what it printed.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run `{}`", line(command)))?;
    if !output.status.success() {
        bail!("`{}` failed ({})", line(command), output.status);
    }
    let text = String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed no text", line(command)))?;
    Ok(text.trim().to_owned())
}

/// Whether a program can be found by its name.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A command as one would type it.
fn line(command: &Command) -> String {
    let mut words = vec![command.get_program()];
    words.extend(command.get_args());
    let words: Vec<_> = words.into_iter().map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// What happens while servers run.
#[derive(Debug)]
pub(crate) enum Event {
    /// A server listens at this address.
    Listening(String),
    /// A server ended.
    Ended(&'static str, ExitStatus),
    /// Somebody asked the task to stop.
    Stop,
}

/// Servers in the background. They are stopped when this is dropped.
pub(crate) struct Servers {
    running: Vec<(&'static str, Pid)>,
    sender: Sender<Event>,
    events: Receiver<Event>,
}

impl Servers {
    pub(crate) fn new() -> Self {
        let (sender, events) = std::sync::mpsc::channel();
        Self { running: Vec::new(), sender, events }
    }

    /// Where whoever wants the servers stopped says so.
    pub(crate) fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    /// Starts a server and waits until it says where it listens. `None` where it was told to stop
    /// meanwhile.
    pub(crate) fn start(
        &mut self,
        name: &'static str,
        command: &mut Command,
    ) -> Result<Option<String>> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start the {name}: `{}`", line(command)))?;
        self.running.push((name, Pid::from_child(&child)));
        let sender = self.sender();
        thread::spawn(move || follow(name, child, &sender));
        match self.events.recv_timeout(PATIENCE) {
            Ok(Event::Listening(address)) => Ok(Some(address)),
            Ok(Event::Ended(ended, status)) => Err(self.has_ended(ended, status)),
            Ok(Event::Stop) => Ok(None),
            Err(_) => bail!("the {name} does not listen after {} s", PATIENCE.as_secs()),
        }
    }

    /// The process of a server that is running.
    pub(crate) fn pid(&self, name: &str) -> Option<i32> {
        let running = self.running.iter().find(|(running, _)| *running == name);
        running.map(|(_, pid)| pid.as_raw_nonzero().get())
    }

    /// Waits until somebody asks to stop. A server that ends before is an error.
    pub(crate) fn wait(&mut self) -> Result<()> {
        loop {
            match self.events.recv()? {
                Event::Stop => return Ok(()),
                Event::Ended(name, status) => return Err(self.has_ended(name, status)),
                Event::Listening(..) => {}
            }
        }
    }

    fn has_ended(&mut self, name: &str, status: ExitStatus) -> anyhow::Error {
        self.running.retain(|(running, _)| *running != name);
        anyhow::anyhow!("the {name} ended by itself ({status}); what it said stands above")
    }

    fn stop(&mut self) {
        for signal in [Signal::TERM, Signal::KILL] {
            for (_, pid) in &self.running {
                // It may have ended just now.
                let _ = kill_process(*pid, signal);
            }
            while !self.running.is_empty() {
                match self.events.recv_timeout(GRACE) {
                    Ok(Event::Ended(name, _)) => {
                        self.running.retain(|(running, _)| *running != name);
                    }
                    Ok(_) => {}
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                }
            }
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Tells what a server prints about its address, and its end.
fn follow(name: &'static str, mut child: Child, sender: &Sender<Event>) {
    if let Some(stdout) = child.stdout.take() {
        for said in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = said.strip_prefix("listening on ") {
                // Nobody listens any more once the task has failed.
                let _ = sender.send(Event::Listening(address.to_owned()));
            }
        }
    }
    if let Ok(status) = child.wait() {
        let _ = sender.send(Event::Ended(name, status));
    }
}
