//! A PostgreSQL server for the time of a test: in a folder of its own, on a socket in that folder, ended by its
//! own process id when its value is dropped.
//!
//! The server refuses to run as root: there it runs as the user `postgres`, or else `nobody`.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// Where another process has one running that this one may use: what [`Cluster::variable`] says.
pub const VARIABLE: &str = "ASHIATO_TEST_POSTGRES";
/// Where Debian puts the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
const USER: &str = "ashiato";

/// A server, started by this process or lent by another.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    own: Option<Own>,
}

/// A server of this process.
#[derive(Debug)]
struct Own {
    _folder: TempDir,
    server: Child,
}

impl Cluster {
    /// The one that the environment names, else a new one.
    ///
    /// # Errors
    /// Where none can be started.
    pub fn at_hand() -> io::Result<Self> {
        match std::env::var_os(VARIABLE) {
            Some(folder) => Ok(Self { folder: folder.into(), own: None }),
            None => Self::start(),
        }
    }

    /// A new server with nothing in it.
    ///
    /// # Errors
    /// Where the programs are missing or do not run; with what they said.
    pub fn start() -> io::Result<Self> {
        Self::start_in(&std::env::temp_dir())
    }

    /// The same in a folder below that one, which all of its parents let everybody into.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn start_in(parent: &Path) -> io::Result<Self> {
        let programs = programs()?;
        let account = Account::of_server()?;
        let own = tempfile::Builder::new().prefix("ashiato-pg-").tempdir_in(parent)?;
        let folder = own.path().to_owned();
        account.give(&folder)?;
        let data = folder.join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
        initdb.args(["--username", USER, "--pgdata"]).arg(&data);
        let made = account.run(&mut initdb).current_dir(&folder).output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(io::Error::other(format!("initdb failed: {said}")));
        }
        let server = serve(&programs, &account, &folder)?;
        Ok(Self { folder, own: Some(Own { _folder: own, server }) })
    }

    /// What [`VARIABLE`] is to be set to, so that other processes use this one.
    #[must_use]
    pub fn variable(&self) -> &Path {
        &self.folder
    }

    /// The server's process, whose children the others are; none where it belongs to another process.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.own.as_ref().map(|own| own.server.id())
    }

    /// The address of a new, empty database.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn database(&self) -> io::Result<String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // A process may have the number of one that has ended while the cluster runs on.
        let name = loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("t{}_{number}", std::process::id());
            match fs::File::create_new(self.folder.join(&name)) {
                Ok(_) => break name,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        };
        let mut psql = Command::new(programs()?.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--username", USER, "--dbname", "postgres", "--host"]);
        psql.arg(&self.folder).args(["--command", &format!("CREATE DATABASE {name}")]);
        let made = psql.stdin(Stdio::null()).output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(io::Error::other(format!("the database was not made: {said}")));
        }
        Ok(format!("postgres://{USER}@localhost/{name}?host={}", self.folder.display()))
    }

    /// Everything in a database, as text: bytes in hexadecimal.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn dump(&self, url: &str) -> io::Result<Vec<u8>> {
        let dumped = Command::new(programs()?.join("pg_dump")).arg(url).output()?;
        if dumped.status.success() {
            return Ok(dumped.stdout);
        }
        Err(io::Error::other(String::from_utf8_lossy(&dumped.stderr).into_owned()))
    }

    /// Ends the server as a crash would, and starts it again on what it had written.
    ///
    /// # Errors
    /// Where it does not start; where it belongs to another process.
    pub fn crash_and_restart(&mut self) -> io::Result<()> {
        let Some(own) = &mut self.own else {
            return Err(io::Error::other("the server belongs to another process"));
        };
        end(&mut own.server);
        own.server = serve(&programs()?, &Account::of_server()?, &self.folder)?;
        Ok(())
    }
}

impl Cluster {
    /// Stops the server and all its processes where they are, as where its machine hangs: connections stay, and
    /// nobody answers. It goes on by [`Cluster::thaw`].
    ///
    /// # Errors
    /// Where it belongs to another process.
    pub fn freeze(&self) -> io::Result<()> {
        self.signal_all(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// Where it belongs to another process.
    pub fn thaw(&self) -> io::Result<()> {
        self.signal_all(Signal::CONT)
    }

    fn signal_all(&self, signal: Signal) -> io::Result<()> {
        let Some(own) = &self.own else {
            return Err(io::Error::other("the server belongs to another process"));
        };
        signal_all(&own.server, signal);
        Ok(())
    }
}

/// The server first, which then starts no more processes.
fn signal_all(server: &Child, signal: Signal) {
    let Some(pid) = i32::try_from(server.id()).ok().and_then(Pid::from_raw) else { return };
    // Each may have ended by itself.
    let _ = kill_process(pid, signal);
    for child in children(pid) {
        let _ = kill_process(child, signal);
    }
}

fn children(parent: Pid) -> Vec<Pid> {
    let of = |entry: fs::DirEntry| {
        let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
        // "PID (NAME) STATE PARENT …", where the name may hold anything.
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let own: i32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        (own == parent.as_raw_nonzero().get()).then_some(pid)
    };
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(of).collect()
}

impl Drop for Own {
    fn drop(&mut self) {
        // A test that failed may have left it frozen.
        signal_all(&self.server, Signal::CONT);
        end(&mut self.server);
    }
}

/// "Immediate shutdown": nothing is written any more, as where the power goes.
fn end(server: &mut Child) {
    let Ok(pid) = i32::try_from(server.id()) else { return };
    if let Some(pid) = Pid::from_raw(pid) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::QUIT);
    }
    let _ = server.wait();
}

/// Starts the server and waits until it takes connections.
fn serve(programs: &Path, account: &Account, folder: &Path) -> io::Result<Child> {
    let mut postgres = Command::new(programs.join("postgres"));
    postgres.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    for setting in ["listen_addresses=", "max_connections=200", "shared_buffers=64MB"] {
        postgres.args(["-c", setting]);
    }
    postgres.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut server = account.run(&mut postgres).spawn()?;
    let stderr = server.stderr.take().ok_or_else(|| io::Error::other("its words are piped"))?;
    let mut lines = BufReader::new(stderr).lines();
    let mut said = String::new();
    for line in lines.by_ref().map_while(Result::ok) {
        if line.contains("ready to accept connections") {
            // Read on, so that it may go on writing.
            thread::spawn(move || lines.for_each(drop));
            return Ok(server);
        }
        said.push_str(&line);
        said.push('\n');
    }
    let _ = server.wait();
    Err(io::Error::other(format!("PostgreSQL did not start: {said}")))
}

/// The folder of the server's programs: of the newest version.
fn programs() -> io::Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .max();
    if let Some((_, path)) = newest {
        return Ok(path.join("bin"));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|folder| folder.join("initdb").is_file())
        .ok_or_else(|| io::Error::other("PostgreSQL is not installed: apt-get install postgresql"))
}

/// Whether the server's programs are there.
#[must_use]
pub fn is_installed() -> bool {
    programs().is_ok_and(|programs| programs.join("initdb").is_file())
}

/// Whose process the server is.
struct Account(Option<(u32, u32)>);

impl Account {
    fn of_server() -> io::Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        let accounts = fs::read_to_string("/etc/passwd")?;
        let find = |wanted: &str| {
            accounts.lines().find_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next()?;
                let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
                (name == wanted).then_some((user, group))
            })
        };
        let account = find("postgres").or_else(|| find("nobody"));
        account.map(|account| Self(Some(account))).ok_or_else(|| {
            io::Error::other("PostgreSQL does not run as root, and there is no other user")
        })
    }

    fn give(&self, folder: &Path) -> io::Result<()> {
        match self.0 {
            Some((user, group)) => chown(folder, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    fn run<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self.0 {
            Some((user, group)) => command.uid(user).gid(group),
            None => command,
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn what_was_committed_is_there_after_a_crash() {
        let mut cluster = Cluster::start().unwrap();
        let url = cluster.database().unwrap();
        let ask = |statement: &str| {
            let mut psql = Command::new(programs().unwrap().join("psql"));
            let answer = psql.args(["-qAt", &url, "-c", statement]).output().unwrap();
            String::from_utf8(answer.stdout).unwrap()
        };
        ask("CREATE TABLE kept AS SELECT 7 AS number");
        cluster.crash_and_restart().unwrap();
        assert_eq!(ask("SELECT number FROM kept"), "7\n");
    }
}
