//! Hand-made ELF files: a header, program headers, and what those point to. None of them ever runs.

pub const X86_64: u16 = 62;
pub const AARCH64: u16 = 183;

const ET_REL: u16 = 1;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_FLAGS_1: u64 = 0x6fff_fffb;
const HEADER: u64 = 64;
const PROGRAM_HEADER: u64 = 56;

/// A static, position-independent program: it has a dynamic segment, but nothing needed in it.
pub fn fine() -> Vec<u8> {
    elf(X86_64, ET_DYN, 0x1000, &[(PT_LOAD, b"code"), (PT_DYNAMIC, &dynamic(DT_FLAGS_1))])
}

pub fn for_machine(machine: u16) -> Vec<u8> {
    elf(machine, ET_DYN, 0x1000, &[])
}

pub fn with_loader() -> Vec<u8> {
    elf(X86_64, ET_DYN, 0x1000, &[(PT_INTERP, b"/lib64/ld-linux-x86-64.so.2\0")])
}

pub fn with_library() -> Vec<u8> {
    elf(X86_64, ET_DYN, 0x1000, &[(PT_DYNAMIC, &dynamic(DT_NEEDED))])
}

pub fn library() -> Vec<u8> {
    elf(X86_64, ET_DYN, 0, &[])
}

pub fn object_file() -> Vec<u8> {
    elf(X86_64, ET_REL, 0, &[])
}

fn dynamic(tag: u64) -> Vec<u8> {
    [tag, 1, 0, 0].map(u64::to_le_bytes).concat()
}

fn elf(machine: u16, kind: u16, entry: u64, segments: &[(u32, &[u8])]) -> Vec<u8> {
    let count = u16::try_from(segments.len()).unwrap();
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend([kind.to_le_bytes(), machine.to_le_bytes()].concat());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend([entry, HEADER, 0].map(u64::to_le_bytes).concat());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend([64, 56, count, 0, 0, 0].map(u16::to_le_bytes).concat());
    let mut offset = HEADER + PROGRAM_HEADER * u64::from(count);
    for (kind, data) in segments {
        let size = data.len() as u64;
        bytes.extend([kind.to_le_bytes(), 4_u32.to_le_bytes()].concat());
        bytes.extend([offset, offset, offset, size, size, 8].map(u64::to_le_bytes).concat());
        offset += size;
    }
    for (_, data) in segments {
        bytes.extend(*data);
    }
    bytes
}
