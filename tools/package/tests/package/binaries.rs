//! Which binaries are taken.

use package::elf;

use crate::programs;

#[track_caller]
fn refused(program: &[u8], why: &str) {
    let told = elf::check(program).unwrap_err().to_string();
    assert!(told.contains(why), "{told}");
}

#[test]
fn a_static_program_is_taken() {
    elf::check(&programs::fine()).unwrap();
}

#[test]
fn what_is_no_elf_is_refused() {
    for other in [&b""[..], b"#!/bin/sh\n", b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0"] {
        refused(other, "not a 64-bit ELF file: build for x86_64-unknown-linux-musl");
    }
}

#[test]
fn another_machine_is_refused() {
    refused(&programs::for_machine(programs::AARCH64), "machine 183, not for x86-64 (62): build for");
}

#[test]
fn what_wants_a_loader_or_libraries_is_refused() {
    refused(&programs::with_loader(), "the loader /lib64/ld-linux-x86-64.so.2: build for x86_64-unknown-linux-musl");
    refused(&programs::with_library(), "1 shared libraries: build for x86_64-unknown-linux-musl");
}

#[test]
fn what_has_no_entry_point_is_refused() {
    refused(&programs::library(), "not a program");
    refused(&programs::object_file(), "not a program");
}

#[test]
fn what_is_cut_off_is_refused() {
    let whole = programs::fine();
    refused(&whole[..40], "damaged");
    refused(&whole[..whole.len() - 8], "damaged");
}

/// This test is itself a dynamic program.
#[cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]
#[test]
fn a_real_dynamic_program_is_refused() {
    let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    refused(&this, "dynamic, it wants the loader /lib64/ld-linux-x86-64.so.2");
}
