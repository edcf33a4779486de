//! Checks that a file is a program that starts on every x86-64 Linux with a glibc from 2012 or later.

use std::fmt;
use std::str::FromStr;

use object::elf::{DT_NEEDED, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionTable};
use object::{Endianness, FileKind};

type Header = FileHeader64<Endianness>;
type Sections<'data> = SectionTable<'data, Header>;

/// The newest glibc that the program may require: 2.17, the minimum of Rust's standard library.
pub const NEWEST_GLIBC: GlibcVersion = GlibcVersion { major: 2, minor: 17 };

/// The path of glibc's loader, fixed by the ABI of x86-64. musl has another one.
const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

/// The libraries that are part of every glibc, in every version since 2.17.
const LIBRARIES: [&str; 6] =
    ["ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "librt.so.1"];

/// Why a binary cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// Not an ELF file.
    #[error("not a 64-bit ELF file: build it with ./package")]
    NotElf,
    /// It is truncated.
    #[error("a damaged ELF file ({0}): build it again")]
    Damaged(#[from] object::read::Error),
    /// It is for another processor; the number is ELF's `e_machine`.
    #[error("built for machine {0}, expected x86-64 (62): build it with ./package")]
    Machine(u16),
    /// An object file, a core, or a library without an entry point.
    #[error("not a program: give the path of the built executable, not of a library or an object file")]
    NotProgram,
    /// It uses the loader of another C library.
    #[error("it needs the loader {0}, expected {LOADER}: build it with ./package")]
    Loader(String),
    /// Its section headers are missing, so its requirements are unknown.
    #[error("its section headers are missing, so its libraries cannot be checked: build it with ./package")]
    NoSections,
    /// It requires a library that is not part of glibc.
    #[error("it needs the library {0}, which is not part of glibc: build it with ./package")]
    Library(String),
    /// It requires a newer version of glibc.
    #[error("it needs {0}, newer than glibc {NEWEST_GLIBC}: build it with ./package")]
    Symbols(String),
}

/// A version of glibc, as in `GLIBC_2.17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlibcVersion {
    major: u32,
    minor: u32,
}

impl FromStr for GlibcVersion {
    type Err = ();

    /// Parses a symbol version. `GLIBC_PRIVATE` and similar names are not part of any version.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (major, rest) = text.strip_prefix("GLIBC_").and_then(|number| number.split_once('.')).ok_or(())?;
        // Some of the oldest versions have a third number, which does not matter.
        let minor = rest.split('.').next().unwrap_or(rest);
        let number = |digits: &str| digits.parse().map_err(drop);
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// Checks that `data` is an x86-64 program for glibc [`NEWEST_GLIBC`] or older, and returns the newest version that it
/// requires. A static program requires none.
///
/// # Errors
/// The first reason why it would not start.
pub fn check(data: &[u8]) -> Result<Option<GlibcVersion>, ElfError> {
    if !matches!(FileKind::parse(data), Ok(FileKind::Elf64)) {
        return Err(ElfError::NotElf);
    }
    let header = Header::parse(data)?;
    let endian = header.endian()?;
    let machine = header.e_machine(endian);
    if machine != EM_X86_64 {
        return Err(ElfError::Machine(machine.0));
    }
    // A position-independent program has the same type as a library; only the entry point differs.
    let program = [ET_EXEC, ET_DYN].contains(&header.e_type(endian)) && header.e_entry(endian) != 0;
    if !program {
        return Err(ElfError::NotProgram);
    }
    check_loader(header, endian, data)?;
    let sections = header.sections(endian, data)?;
    check_libraries(header, &sections, endian, data)?;
    newest_version(&sections, endian, data)
}

fn check_loader(header: &Header, endian: Endianness, data: &[u8]) -> Result<(), ElfError> {
    for segment in header.program_headers(endian, data)? {
        match segment.interpreter(endian, data)? {
            Some(loader) if loader != LOADER.as_bytes() => return Err(ElfError::Loader(text(loader))),
            _ => {}
        }
    }
    Ok(())
}

fn check_libraries(header: &Header, sections: &Sections<'_>, endian: Endianness, data: &[u8]) -> Result<(), ElfError> {
    let table = sections.dynamic_table(endian, data)?;
    for segment in header.program_headers(endian, data)? {
        // The loader reads the segment, and the names are in the section, so both must exist.
        if segment.dynamic(endian, data)?.is_some() && table.is_empty() {
            return Err(ElfError::NoSections);
        }
    }
    for entry in table.iter().filter(|entry| entry.tag == DT_NEEDED) {
        let library = text(table.string(entry)?);
        if !LIBRARIES.contains(&library.as_str()) {
            return Err(ElfError::Library(library));
        }
    }
    Ok(())
}

fn newest_version(sections: &Sections<'_>, endian: Endianness, data: &[u8]) -> Result<Option<GlibcVersion>, ElfError> {
    let mut newest = None;
    let Some((libraries, link)) = sections.gnu_verneed(endian, data)? else { return Ok(newest) };
    let names = sections.strings(endian, data, link)?;
    for library in libraries {
        for needed in library?.1 {
            let name = text(needed?.name(endian, names)?);
            match name.parse() {
                Ok(version) if version <= NEWEST_GLIBC => newest = newest.max(Some(version)),
                _ => return Err(ElfError::Symbols(name)),
            }
        }
    }
    Ok(newest)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
