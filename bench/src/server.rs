//! A server that is measured: a child process on the server's core, whose output is read as the Functions host reads it.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::Result;
use crate::cores::Cores;
use crate::http_wire;
use crate::process::{Memory, ticks};

/// No server that is worth measuring takes longer to start.
const START_WITHIN: Duration = Duration::from_secs(30);
/// How long a server may take to end when asked, before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// All of its environment.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub folder: PathBuf,
    /// Where it will listen.
    pub port: u16,
    /// What becomes of what it writes.
    pub output: Output,
}

/// What becomes of what a server writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A pipe, which is read and counted.
    Counted,
    /// A pipe, which is read and kept.
    Kept,
    /// `/dev/null`.
    Discarded,
}

/// What a server wrote.
#[derive(Debug, Default)]
pub struct Log {
    lines: AtomicU64,
    kept: Mutex<Vec<u8>>,
}

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: Arc<Log>,
    /// When it was spawned.
    pub spawned: Instant,
    /// Where it listens.
    pub port: u16,
}

impl Launch {
    /// Spawns it.
    ///
    /// # Errors
    /// If the program is missing.
    pub fn spawn(&self, cores: &Cores) -> Result<Server> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().envs(self.environment.iter().cloned()).current_dir(&self.folder);
        let pipe = || if self.output == Output::Discarded { Stdio::null() } else { Stdio::piped() };
        command.stdin(Stdio::null()).stdout(pipe()).stderr(pipe());
        // From a thread of its own, whose core the child inherits: to start it by taskset would cost time that is measured.
        let spawning = std::thread::scope(|scope| {
            let spawning = scope.spawn(|| {
                cores.keep_to_server();
                let spawned = Instant::now();
                command.spawn().map(|child| (child, spawned))
            });
            spawning.join().map_err(|_| "the spawning thread panicked")
        });
        let (mut child, spawned) = spawning?.map_err(|error| format!("{}: {error}", self.program.display()))?;
        let log = Arc::new(Log::default());
        let keep = self.output == Output::Kept;
        follow(child.stdout.take(), &log, keep);
        follow(child.stderr.take(), &log, keep);
        Ok(Server { child, log, spawned, port: self.port })
    }

    /// Spawns it and waits until it answers anything.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(&self, cores: &Cores) -> Result<Server> {
        let mut server = self.spawn(cores)?;
        server.until_it_answers()?;
        Ok(server)
    }
}

impl Server {
    /// Asks `GET /` until there is an answer; how long that took since the process was spawned.
    ///
    /// # Errors
    /// If it ends before that, or does not answer in time.
    pub fn until_it_answers(&mut self) -> Result<Duration> {
        while self.spawned.elapsed() < START_WITHIN {
            if http_wire::answers(self.address()) {
                return Ok(self.spawned.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended with {status}: {}", self.log.kept()).into());
            }
            // Short beside what is measured, and leaves this core to the outside world.
            std::thread::sleep(Duration::from_micros(50));
        }
        Err("the server does not answer".into())
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory, now and at most.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory::of(self.child.id())
    }

    /// Processor time used so far, in hundredths of a second.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        ticks(self.child.id())
    }

    /// What it wrote.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Log {
    /// How many lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// What was kept.
    #[must_use]
    pub fn kept(&self) -> String {
        self.kept.lock().map(|kept| String::from_utf8_lossy(&kept).into_owned()).unwrap_or_default()
    }

    fn take(&self, bytes: &[u8], keep: bool) {
        // One more part than there are line feeds.
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        self.lines.fetch_add(lines as u64, Ordering::Relaxed);
        if let (true, Ok(mut kept)) = (keep, self.kept.lock()) {
            kept.extend_from_slice(bytes);
        }
    }
}

impl Drop for Server {
    /// Asked first, so that one that has children can end them.
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let asked = Instant::now();
        while asked.elapsed() < STOP_WITHIN && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(stream: Option<impl Read + Send + 'static>, log: &Arc<Log>, keep: bool) {
    let Some(mut stream) = stream else { return };
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            log.take(&buffer[..read], keep);
        }
    });
}
