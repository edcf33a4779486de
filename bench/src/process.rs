//! Memory and processor time of a process and its children, from Linux's `/proc`.

use std::path::Path;
use std::time::Duration;

use crate::figures::number;

/// Memory in kB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// `VmRSS`: the current memory.
    pub resident: u64,
    /// `VmHWM`: the peak so far.
    pub peak: u64,
}

impl Memory {
    /// The memory of a process and its children; shared memory counts for each.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        family(pid)
            .into_iter()
            .map(Self::of_one)
            .fold(Self::default(), |sum, one| Self { resident: sum.resident + one.resident, peak: sum.peak + one.peak })
    }

    fn of_one(pid: u32) -> Self {
        let status = read(pid, "status");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
        };
        Self { resident: field("VmRSS:"), peak: field("VmHWM:") }
    }
}

/// Processor time of a process and its children so far, in hundredths of a second, the resolution of Linux.
#[must_use]
pub fn ticks(pid: u32) -> u64 {
    family(pid).into_iter().map(ticks_of_one).sum()
}

/// The load of all cores in percent over a second. Measured first, to detect other load on the machine.
#[must_use]
pub fn busy_machine() -> f64 {
    let (total, idle) = machine_ticks();
    std::thread::sleep(Duration::from_secs(1));
    let (total, idle) = (machine_ticks().0 - total, machine_ticks().1 - idle);
    100.0 * (1.0 - number(idle.min(total)) / number(total.max(1)))
}

/// Total and idle ticks of all cores since the start. The first fields are user, nice, system, idle and iowait.
fn machine_ticks() -> (u64, u64) {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|ticks| ticks.parse().ok()).collect();
    (ticks.iter().sum(), ticks.iter().skip(3).take(2).sum())
}

fn ticks_of_one(pid: u32) -> u64 {
    let stat = read(pid, "stat");
    // The program's name is in parentheses and can contain anything; utime and stime are the 12th and 13th fields after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum()
}

/// The process and its children, the process first.
fn family(pid: u32) -> Vec<u32> {
    let children = read(pid, &format!("task/{pid}/children"));
    let children = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(family);
    std::iter::once(pid).chain(children).collect()
}

fn read(pid: u32, file: &str) -> String {
    std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join(file)).unwrap_or_default()
}
