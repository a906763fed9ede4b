//! Throw-away PostgreSQL clusters: one that all test processes of a user share, and ones of a test's
//! own that it may stop, kill and start again.
//!
//! The shared one lives in the temporary directory. Who comes first starts it, under a file lock.
//! Every test process holds a shared lock on another file for as long as it lives, however it dies;
//! a small watchdog stops the server and removes its files once nobody has held that lock for a
//! while. `fsync` is off: it is thrown away.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const START_LIMIT: Duration = Duration::from_mins(1);

/// The address of the shared server, started if need be; the same for the whole process.
pub(crate) fn shared_url() -> Result<String, String> {
    static SHARED: OnceLock<Result<Shared, String>> = OnceLock::new();
    if let Ok(url) = std::env::var("EZISELLER_TEST_POSTGRES_URL")
        && !url.is_empty()
    {
        return Ok(url);
    }
    SHARED
        .get_or_init(|| join().map_err(|problem| problem.to_string()))
        .as_ref()
        .map(|shared| shared.url.clone())
        .map_err(Clone::clone)
}

struct Shared {
    url: String,
    /// Held until the process ends.
    _in_use: File,
}

/// What keeps tests from a PostgreSQL server.
#[derive(Debug)]
struct Problem(String);

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self(format!("the test PostgreSQL cluster: {error}"))
    }
}

/// Joins the shared cluster, starting it if it does not run.
fn join() -> Result<Shared, Problem> {
    let user = server_user()?;
    let directory = std::env::temp_dir().join(format!("eziseller-test-postgres-{}", own_uid()));
    fs::create_dir_all(&directory)?;
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755))?;
    let starting = File::create(directory.join("starting.lock"))?;
    starting.lock()?;
    let in_use = File::create(directory.join("in-use.lock"))?;
    in_use.lock_shared()?;
    let home = directory.join("cluster");
    if !answers(&home) {
        // A cluster whose server died: nothing in it is worth keeping.
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        create(&home, user)?;
        launch(&home, user, Commits::Fast)?;
        watch(&directory, &home)?;
    }
    starting.unlock()?;
    Ok(Shared {
        url: url_of(&home),
        _in_use: in_use,
    })
}

fn url_of(home: &Path) -> String {
    format!("postgres:///postgres?host={}&user=postgres", home.display())
}

fn own_uid() -> u32 {
    fs::metadata("/proc/self").map_or(0, |m| m.uid())
}

/// PostgreSQL refuses to run as root: then it runs as this user.
fn server_user() -> Result<Option<&'static str>, Problem> {
    if own_uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    ["postgres", "nobody"]
        .into_iter()
        .find(|user| accounts.lines().any(|line| line.starts_with(&format!("{user}:"))))
        .map(Some)
        .ok_or_else(|| Problem("the tests run as root and there is no user `postgres` or `nobody` to run PostgreSQL as; run them as another user".to_owned()))
}

/// The directory of `initdb` and `postgres`, the newest version that is installed.
fn binaries() -> Result<PathBuf, Problem> {
    let both = |directory: &PathBuf| {
        directory.join("initdb").is_file() && directory.join("postgres").is_file()
    };
    let mut installed: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, directory)| both(directory))
        .collect();
    installed.sort();
    if let Some((_, directory)) = installed.pop() {
        return Ok(directory);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(both).ok_or_else(|| {
        Problem(
            "these tests need PostgreSQL and found no `initdb` and `postgres` on PATH or under \
             /usr/lib/postgresql; install them (Debian: apt-get install postgresql), or set \
             EZISELLER_TEST_POSTGRES_URL to a server on which databases may be created"
                .to_owned(),
        )
    })
}

/// A command that runs as the server's user, apart from this process's group and output.
fn command(program: &Path, user: Option<&str>) -> Command {
    let mut command = match user {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={user}"))
                .args(["--regid", &group_of(user), "--clear-groups", "--"])
                .arg(program);
            command
        }
        None => Command::new(program),
    };
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command
}

/// The user's primary group, by number.
fn group_of(user: &str) -> String {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = accounts.lines().find(|l| l.split(':').next() == Some(user));
    line.and_then(|l| l.split(':').nth(3))
        .unwrap_or("65534")
        .to_owned()
}

/// Makes the cluster's files.
fn create(home: &Path, user: Option<&str>) -> Result<(), Problem> {
    fs::create_dir_all(home)?;
    if let Some(user) = user {
        Command::new("chown").arg(user).arg(home).status()?;
    }
    let log = home.join("initdb.log");
    let output = command(&binaries()?.join("initdb"), user)
        .args([
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
        ])
        .args(["--locale=C", "--pgdata"])
        .arg(home.join("data"))
        .stderr(File::create(&log)?)
        .status()?;
    if output.success() {
        Ok(())
    } else {
        let said = fs::read_to_string(&log).unwrap_or_default();
        Err(Problem(format!("initdb failed: {said}")))
    }
}

/// What a commit waits for.
#[derive(Clone, Copy)]
enum Commits {
    /// Nothing: fast, and a killed server forgets the last ones.
    Fast,
    /// The operating system: a killed server forgets nothing.
    Kept,
}

impl Commits {
    const fn setting(self) -> &'static str {
        match self {
            Self::Fast => "synchronous_commit=off",
            Self::Kept => "synchronous_commit=on",
        }
    }
}

/// Starts the server and waits until it answers.
///
/// `commits`: whether a commit survives the server's death (the machine's it does not survive).
fn launch(home: &Path, user: Option<&str>, commits: Commits) -> Result<Child, Problem> {
    let log = home.join("postgres.log");
    let output = File::options().create(true).append(true).open(&log)?;
    let mut server = command(&binaries()?.join("postgres"), user)
        .arg("-D")
        .arg(home.join("data"))
        .arg("-k")
        .arg(home)
        .args(["-c", "listen_addresses="])
        .args(["-c", "fsync=off", "-c", "full_page_writes=off"])
        .args(["-c", commits.setting()])
        .args(["-c", "max_connections=400", "-c", "shared_buffers=64MB"])
        .args(["-c", "autovacuum=off", "-c", "max_wal_size=4GB"])
        .stderr(output)
        .spawn()?;
    let begun = Instant::now();
    while !answers(home) {
        let ended = server.try_wait()?;
        if ended.is_some() || begun.elapsed() > START_LIMIT {
            let said = fs::read_to_string(&log).unwrap_or_default();
            return Err(Problem(format!("postgres did not start: {said}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(server)
}

/// Whether a server accepts connections on the cluster's socket: its last line of start-up says so
/// in `postmaster.pid`, and the socket can be connected to.
fn answers(home: &Path) -> bool {
    let status = fs::read_to_string(home.join("data/postmaster.pid")).unwrap_or_default();
    status
        .lines()
        .nth(7)
        .is_some_and(|word| word.trim() == "ready")
        && std::os::unix::net::UnixStream::connect(home.join(".s.PGSQL.5432")).is_ok()
}

/// Starts the watchdog of the shared cluster.
fn watch(directory: &Path, home: &Path) -> Result<(), Problem> {
    // It takes the locks that a joining process takes, in the same order, so that a process either
    // finds the server running until it is done or starts a new one.
    let script = "
        cd /
        while sleep 30; do
            pid=$(head -n 1 \"$2/data/postmaster.pid\" 2>/dev/null) || exit 0
            flock -n \"$1/starting.lock\" flock -n -x \"$1/in-use.lock\" \
                sh -c 'kill -QUIT \"$1\"; rm -rf \"$2\"' stop \"$pid\" \"$2\" && exit 0
        done";
    Command::new("sh")
        .args(["-c", script, "eziseller-test-postgres-watchdog"])
        .arg(directory)
        .arg(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    Ok(())
}

/// A cluster of a test's own, for tests that stop, kill or restart the server.
pub struct Cluster {
    directory: tempfile::TempDir,
    user: Option<&'static str>,
    server: Option<Child>,
}

impl Cluster {
    /// Makes and starts one.
    ///
    /// # Panics
    /// When there is no PostgreSQL to be had; the message says what to install.
    pub fn start() -> Self {
        Self::try_start().unwrap_or_else(|problem| panic!("{problem}"))
    }

    fn try_start() -> Result<Self, Problem> {
        let user = server_user()?;
        let directory = tempfile::Builder::new()
            .prefix("eziseller-pg-")
            .permissions(fs::Permissions::from_mode(0o755))
            .tempdir()?;
        let home = directory.path().join("cluster");
        create(&home, user)?;
        let server = launch(&home, user, Commits::Kept)?;
        Ok(Self {
            directory,
            user,
            server: Some(server),
        })
    }

    fn home(&self) -> PathBuf {
        self.directory.path().join("cluster")
    }

    /// The address of its database `postgres`.
    pub fn url(&self) -> String {
        url_of(&self.home())
    }

    /// Stops the server at once, as a crash of all its connections does; committed work stays.
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let sent = Command::new("kill")
                .arg("-QUIT")
                .arg(server.id().to_string())
                .status();
            assert!(
                sent.is_ok_and(|s| s.success()),
                "the test's own server is signalled"
            );
            let _ = server.wait();
        }
    }

    /// Starts it again.
    ///
    /// # Panics
    /// When it does not start; the message has the server's log.
    pub fn start_again(&mut self) {
        self.stop();
        let server = launch(&self.home(), self.user, Commits::Kept);
        self.server = Some(server.unwrap_or_else(|problem| panic!("{problem}")));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::{Cluster, answers};

    #[test]
    fn a_cluster_of_ones_own_stops_and_starts_again() {
        let mut cluster = Cluster::start();
        assert!(answers(&cluster.home()));
        cluster.stop();
        assert!(!answers(&cluster.home()));
        cluster.start_again();
        assert!(answers(&cluster.home()));
    }
}
