//! Do request bodies fit into the instance's memory? The Functions host keeps a body with `Content-Length` there, four times its
//! size, before the app is called. One that does not fit ends the host, for everyone. Pure.

use crate::config::HostMemory;
use crate::doctor::check::{Area, Check, Finding};

/// The title of the check.
pub const BODIES: &str = "Request bodies";

const MIB: u64 = 1024 * 1024;

/// What an idle host takes of the instance's memory.
const IDLE: u64 = 150 * MIB;

/// How many bodies of the largest size fit into the memory at a time: the host may use three quarters of it, and keeps 3.9 times
/// the size of a body.
const fn bodies_that_fit(HostMemory { instance_mib, body_limit }: HostMemory) -> u64 {
    10 * usable_bytes(instance_mib) / (39 * body_limit)
}

const fn usable_bytes(instance_mib: u64) -> u64 {
    (instance_mib * MIB / 4 * 3).saturating_sub(IDLE)
}

/// The check.
pub fn check(memory: HostMemory) -> Check {
    finding(memory).into_check("body_sizes", Area::Azure, BODIES, 0.0)
}

fn finding(memory: HostMemory) -> Finding {
    let HostMemory { instance_mib, body_limit } = memory;
    let largest = 10 * usable_bytes(instance_mib) / 39;
    let limit = mebibytes(body_limit);
    match bodies_that_fit(memory) {
        0 => Finding::bad(
            format!(
                "not even one body of {limit} MiB, the limit, fits into the {instance_mib} MiB of an instance: a large upload with \
                 Content-Length ends the app for everyone"
            ),
            format!(
                "Deploy with requestBodyLimitBytes (FUNCTIONS_REQUEST_BODY_SIZE_LIMIT) of at most {largest}, or with more \
                 instanceMemoryMB. Send larger bodies chunked: docs/gateway.md."
            ),
        ),
        1 => Finding::good(format!("1 body of {limit} MiB, the limit, fits into an instance at a time")),
        count => Finding::good(format!("{count} bodies of {limit} MiB, the limit, fit into an instance at a time")),
    }
}

/// `bytes` in MiB, with one digit after the point if it is no whole number.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / MIB;
    if bytes.is_multiple_of(MIB) { (bytes / MIB).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Verdict;

    #[test]
    fn bodies_that_fit_are_counted_and_fewer_than_one_is_bad() {
        for (instance_mib, body_limit, expected) in [
            (512, 26_214_400, 2),
            (2048, 104_857_600, 3),
            (4096, 314_572_800, 2),
            (2048, 1_610_612_736, 0),
            (512, 104_857_600, 0),
            (128, 1, 0),
            (2048, 372_647_778, 1),
            (2048, 372_647_779, 0),
            (512, 1_048_576, 60),
        ] {
            let memory = HostMemory { instance_mib, body_limit };
            assert_eq!(bodies_that_fit(memory), expected, "{instance_mib} {body_limit}");
            let verdict = if expected == 0 { Verdict::Bad } else { Verdict::Good };
            assert_eq!(check(memory).verdict, verdict, "{instance_mib} {body_limit}");
        }
        assert!(check(HostMemory { instance_mib: 2048, body_limit: 1_610_612_736 }).fix.unwrap().contains("372647778"));
        assert_eq!([mebibytes(26_214_400), mebibytes(300_000_000)], ["25", "286.1"]);
    }
}
