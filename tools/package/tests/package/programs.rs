//! Hand-made ELF files: headers and the data that they point to. They are never run.

pub const X86_64: u16 = 62;
pub const AARCH64: u16 = 183;
pub const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

const ET_REL: u16 = 1;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const SHT_STRTAB: u32 = 3;
const SHT_DYNAMIC: u32 = 6;
const SHT_GNU_VERNEED: u32 = 0x6fff_fffe;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_FLAGS_1: u64 = 0x6fff_fffb;
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SECTION_HEADER: usize = 64;
const VERNEED: u32 = 16;
/// The index of the section with the strings.
const STRINGS: u32 = 1;

/// A part of a file with a program header, a section header, or both.
struct Part {
    segment: Option<u32>,
    section: Option<u32>,
    bytes: Vec<u8>,
}

/// A dynamic, position-independent program for an old glibc, as `./package` builds it.
pub fn fine() -> Vec<u8> {
    dynamic(LOADER, &["libc.so.6", "libpthread.so.0"], &["GLIBC_2.2.5", "GLIBC_2.16"])
}

/// A static, position-independent program: it has a dynamic segment but requires no library.
pub fn static_program() -> Vec<u8> {
    elf(X86_64, ET_DYN, 0x1000, &linking(&[], &[]))
}

/// A program with this loader, these libraries, and these versions of the first library's symbols.
pub fn dynamic(loader: &str, libraries: &[&str], versions: &[&str]) -> Vec<u8> {
    let loader = Part { segment: Some(PT_INTERP), section: None, bytes: format!("{loader}\0").into_bytes() };
    let parts: Vec<_> = [loader].into_iter().chain(linking(libraries, versions)).collect();
    elf(X86_64, ET_DYN, 0x1000, &parts)
}

/// A dynamic program whose section headers were removed.
pub fn without_sections() -> Vec<u8> {
    let mut program = fine();
    // Offset and number of the section headers, and the section with their names.
    program[40..48].fill(0);
    program[60..64].fill(0);
    program
}

pub fn for_machine(machine: u16) -> Vec<u8> {
    elf(machine, ET_DYN, 0x1000, &[])
}

pub fn library() -> Vec<u8> {
    elf(X86_64, ET_DYN, 0, &[])
}

pub fn object_file() -> Vec<u8> {
    elf(X86_64, ET_REL, 0, &[])
}

/// The parts that the loader reads. The strings come first, as in [`STRINGS`].
fn linking(libraries: &[&str], versions: &[&str]) -> [Part; 4] {
    let mut strings = vec![0];
    let mut add = |text: &&str| {
        let at = u32::try_from(strings.len()).unwrap();
        strings.extend([text.as_bytes(), b"\0"].concat());
        at
    };
    let libraries: Vec<_> = libraries.iter().map(&mut add).collect();
    let versions: Vec<_> = versions.iter().map(&mut add).collect();
    let needed = libraries.iter().map(|at| [DT_NEEDED, u64::from(*at)]);
    let entries: Vec<_> = needed.chain([[DT_FLAGS_1, 1], [DT_NULL, 0]]).flatten().flat_map(u64::to_le_bytes).collect();
    [
        Part { segment: None, section: Some(SHT_STRTAB), bytes: strings },
        Part { segment: Some(PT_LOAD), section: None, bytes: b"code".to_vec() },
        Part { segment: Some(PT_DYNAMIC), section: Some(SHT_DYNAMIC), bytes: entries },
        Part { segment: None, section: Some(SHT_GNU_VERNEED), bytes: needs(libraries.first(), &versions) },
    ]
}

/// The needed versions of one library.
fn needs(library: Option<&u32>, versions: &[u32]) -> Vec<u8> {
    let Some(library) = library else { return Vec::new() };
    let count = u16::try_from(versions.len()).unwrap();
    let mut bytes = [1_u16, count].map(u16::to_le_bytes).concat();
    bytes.extend([*library, VERNEED, 0].map(u32::to_le_bytes).concat());
    for name in versions {
        bytes.extend([0, 0, *name, VERNEED].map(u32::to_le_bytes).concat());
    }
    bytes
}

fn elf(machine: u16, kind: u16, entry: u64, parts: &[Part]) -> Vec<u8> {
    let segments = parts.iter().filter(|part| part.segment.is_some()).count();
    let mut offset = HEADER + PROGRAM_HEADER * segments;
    let (mut programs, mut sections, mut data) = (Vec::new(), vec![0; SECTION_HEADER], Vec::new());
    for part in parts {
        let bytes = padded(&part.bytes);
        if let Some(kind) = part.segment {
            programs.extend(program_header(kind, offset as u64, bytes.len() as u64));
        }
        if let Some(kind) = part.section {
            sections.extend(section_header(kind, offset as u64, bytes.len() as u64));
        }
        offset += bytes.len();
        data.extend(bytes);
    }
    let counts = [segments, sections.len() / SECTION_HEADER].map(|count| u16::try_from(count).unwrap());
    let header = file_header([kind, machine], [entry, HEADER as u64, offset as u64], counts);
    [header, programs, data, sections].concat()
}

fn file_header(kinds: [u16; 2], addresses: [u64; 3], [segments, sections]: [u16; 2]) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend(kinds.map(u16::to_le_bytes).concat());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(addresses.map(u64::to_le_bytes).concat());
    bytes.extend(0_u32.to_le_bytes());
    // Without sections, there is no section with names.
    let names = u16::from(sections > 1);
    bytes.extend([64, 56, segments, 64, sections, names].map(u16::to_le_bytes).concat());
    bytes
}

fn program_header(kind: u32, offset: u64, size: u64) -> Vec<u8> {
    let words = [kind, 4].map(u32::to_le_bytes).concat();
    [words, [offset, offset, offset, size, size, 8].map(u64::to_le_bytes).concat()].concat()
}

fn section_header(kind: u32, offset: u64, size: u64) -> Vec<u8> {
    let link = if kind == SHT_STRTAB { 0 } else { STRINGS };
    let head = [0, kind].map(u32::to_le_bytes).concat();
    let place = [0, 0, offset, size].map(u64::to_le_bytes).concat();
    [head, place, [link, 1].map(u32::to_le_bytes).concat(), [8, 0].map(u64::to_le_bytes).concat()].concat()
}

/// Pads every part to a multiple of eight, to align its numbers.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}
