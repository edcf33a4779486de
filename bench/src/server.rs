//! A measured server: a child process on the server's core, whose output is read like in the Functions host.

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

/// Time limit for the start of a server.
const START_WITHIN: Duration = Duration::from_secs(30);
/// Time limit for a server to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// The command to start a server.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its complete environment.
    pub environment: Vec<(String, String)>,
    /// Its working directory.
    pub folder: PathBuf,
    /// The address it will listen on.
    pub port: u16,
    /// How its output is handled.
    pub output: Output,
}

/// How the output of a server is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Read from a pipe and counted.
    Counted,
    /// Read from a pipe and kept.
    Kept,
    /// `/dev/null`.
    Discarded,
}

/// The output of a server.
#[derive(Debug, Default)]
pub struct Log {
    lines: AtomicU64,
    kept: Mutex<Vec<u8>>,
}

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: Arc<Log>,
    /// When it was spawned.
    pub spawned: Instant,
    /// The address it listens on.
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
        // Spawn from a pinned thread, because the child inherits its core. Using taskset would add to the measured time.
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

    /// Spawns it and waits for the first response.
    ///
    /// # Errors
    /// If there is none.
    pub fn start(&self, cores: &Cores) -> Result<Server> {
        let mut server = self.spawn(cores)?;
        server.until_it_answers()?;
        Ok(server)
    }
}

impl Server {
    /// Repeats `GET /` until there is a response. Returns the time since the process was spawned.
    ///
    /// # Errors
    /// If it ends before that, or does not respond in time.
    pub fn until_it_answers(&mut self) -> Result<Duration> {
        while self.spawned.elapsed() < START_WITHIN {
            if http_wire::answers(self.address()) {
                return Ok(self.spawned.elapsed());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended with {status}: {}", self.log.kept()).into());
            }
            // Short compared with the measured time, and it leaves this core to the simulators.
            std::thread::sleep(Duration::from_micros(50));
        }
        Err("the server does not respond".into())
    }

    /// The address it listens on.
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

    /// Current and peak memory.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory::of(self.child.id())
    }

    /// Processor time used so far, in hundredths of a second.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        ticks(self.child.id())
    }

    /// Its output.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Log {
    /// The number of lines.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// The lines that were kept.
    #[must_use]
    pub fn kept(&self) -> String {
        self.kept.lock().map(|kept| String::from_utf8_lossy(&kept).into_owned()).unwrap_or_default()
    }

    fn take(&self, bytes: &[u8], keep: bool) {
        // There is one more part than line feeds.
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        self.lines.fetch_add(lines as u64, Ordering::Relaxed);
        if let (true, Ok(mut kept)) = (keep, self.kept.lock()) {
            kept.extend_from_slice(bytes);
        }
    }
}

impl Drop for Server {
    /// Sends SIGTERM first, so that a server with children can stop them.
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
