//! Is a file a program that runs on any x86-64 Linux, whatever libraries are there?

use object::elf::{DT_NEEDED, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use object::{Endianness, FileKind};

/// What is wrong with a binary.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Another format, or none.
    #[error("not a 64-bit ELF file: build for x86_64-unknown-linux-musl, as ./package does")]
    NotElf,
    /// It ends too early, or points beyond its end.
    #[error("a damaged ELF file ({0}): build it again")]
    Damaged(#[from] object::read::Error),
    /// Another processor. The number is ELF's `e_machine`.
    #[error("made for machine {0}, not for x86-64 (62): build for x86_64-unknown-linux-musl, as ./package does")]
    Machine(u16),
    /// An object file, a core, or a library without an entry point.
    #[error("not a program: give the path of the built executable, not of a library or an object file")]
    NotProgram,
    /// It wants the machine's dynamic loader.
    #[error("dynamic, it wants the loader {0}: build for x86_64-unknown-linux-musl, which links statically")]
    Interpreter(String),
    /// It wants the machine's libraries.
    #[error("dynamic, it wants {0} shared libraries: build for x86_64-unknown-linux-musl, which links statically")]
    Libraries(usize),
}

/// Checks that `data` is a statically linked x86-64 program.
///
/// # Errors
/// The first thing found that would keep it from running.
pub fn check(data: &[u8]) -> Result<(), Fault> {
    if !matches!(FileKind::parse(data), Ok(FileKind::Elf64)) {
        return Err(Fault::NotElf);
    }
    let header = FileHeader64::<Endianness>::parse(data)?;
    let endian = header.endian()?;
    let machine = header.e_machine(endian);
    if machine != EM_X86_64 {
        return Err(Fault::Machine(machine.0));
    }
    // A position-independent program has the type of a library; only its entry point tells.
    let program = [ET_EXEC, ET_DYN].contains(&header.e_type(endian)) && header.e_entry(endian) != 0;
    if !program {
        return Err(Fault::NotProgram);
    }
    check_static(header, endian, data)
}

fn check_static(header: &FileHeader64<Endianness>, endian: Endianness, data: &[u8]) -> Result<(), Fault> {
    let mut libraries = 0;
    for segment in header.program_headers(endian, data)? {
        if let Some(loader) = segment.interpreter(endian, data)? {
            return Err(Fault::Interpreter(String::from_utf8_lossy(loader).into_owned()));
        }
        let entries = segment.dynamic(endian, data)?.unwrap_or_default();
        libraries += entries.iter().filter(|entry| entry.d_tag(endian) == DT_NEEDED).count();
    }
    if libraries == 0 { Ok(()) } else { Err(Fault::Libraries(libraries)) }
}
