//! Accepted and rejected binaries.

use package::elf::{self, GlibcVersion, NEWEST_GLIBC};

use crate::programs::{self, LOADER};

#[track_caller]
fn refused(program: &[u8], why: &str) {
    let message = elf::check(program).unwrap_err().to_string();
    assert!(message.contains(why), "{message}");
}

#[test]
fn a_program_for_an_old_glibc_is_packed_with_its_required_version() {
    let version: GlibcVersion = "GLIBC_2.16".parse().unwrap();
    assert_eq!(elf::check(&programs::fine()).unwrap(), Some(version));
    assert_eq!(version.to_string(), "2.16");
    let limit = programs::dynamic(LOADER, &["libc.so.6"], &["GLIBC_2.17", "GLIBC_2.3.4"]);
    assert_eq!(elf::check(&limit).unwrap(), Some(NEWEST_GLIBC));
}

#[test]
fn a_static_program_is_packed() {
    assert_eq!(elf::check(&programs::static_program()).unwrap(), None);
}

#[test]
fn symbols_of_a_newer_glibc_are_rejected() {
    for version in ["GLIBC_2.18", "GLIBC_2.100", "GLIBC_3.0", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR", "GCC_3.0"] {
        let program = programs::dynamic(LOADER, &["libc.so.6"], &["GLIBC_2.2.5", version]);
        refused(&program, &format!("it needs {version}, newer than glibc 2.17: build it with ./package"));
    }
}

#[test]
fn libraries_outside_glibc_are_rejected() {
    for library in ["libgcc_s.so.1", "libssl.so.3", "libc.so"] {
        let program = programs::dynamic(LOADER, &["libc.so.6", library], &[]);
        refused(&program, &format!("it needs the library {library}, which is not part of glibc"));
    }
}

#[test]
fn another_loader_is_rejected() {
    let program = programs::dynamic("/lib/ld-musl-x86_64.so.1", &["libc.so.6"], &[]);
    refused(&program, "it needs the loader /lib/ld-musl-x86_64.so.1, expected /lib64/ld-linux-x86-64.so.2");
}

#[test]
fn a_program_without_section_headers_is_rejected() {
    refused(&programs::without_sections(), "its section headers are missing");
}

#[test]
fn another_format_is_rejected() {
    for other in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0"] {
        refused(other, "not a 64-bit ELF file: build it with ./package");
    }
}

#[test]
fn another_machine_is_rejected() {
    refused(&programs::for_machine(programs::AARCH64), "built for machine 183, expected x86-64 (62)");
}

#[test]
fn a_file_without_an_entry_point_is_rejected() {
    refused(&programs::library(), "not a program");
    refused(&programs::object_file(), "not a program");
}

#[test]
fn a_truncated_file_is_rejected() {
    let whole = programs::fine();
    for length in [40, whole.len() / 2, whole.len() - 8] {
        refused(&whole[..length], "damaged");
    }
}

/// This test binary is a normal build, which requires libgcc and this machine's glibc.
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
#[test]
fn a_normal_build_is_rejected() {
    let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    refused(&this, "it needs the library libgcc_s.so.1");
}
