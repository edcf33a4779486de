//! A zip archive without compression (APPNOTE.TXT 6.3.10), for the few files of a connector. Pure.

use crate::connector::ConnectorFile;

/// 1980-01-01, the earliest date of the format, so that equal files make equal archives.
const DATE: u16 = 0x21;

/// Version 1.0 of the format is enough to read it.
const VERSION_NEEDED: u16 = 10;

/// Written on Unix, so that the mode below counts.
const VERSION_MADE_BY: u16 = 3 << 8 | VERSION_NEEDED;

/// A regular file that its owner may write and everyone may read.
const MODE: u32 = 0o100_644 << 16;

/// The archive of `files`, whose names are ASCII. Each file, and all together, have to be smaller than 4 GiB.
#[must_use]
pub fn archive(files: &[ConnectorFile]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for ConnectorFile { name, content } in files {
        let (facts, offset) = (facts(name, content), narrow(archive.len()));
        archive.extend([&b"PK\x03\x04"[..], &facts, &[0, 0], name.as_bytes(), content].concat());
        directory.extend([&b"PK\x01\x02"[..], &VERSION_MADE_BY.to_le_bytes(), &facts].concat());
        // The lengths of the extra field and the comment, the disk, and the internal attributes.
        directory.extend([0; 8]);
        directory.extend([MODE.to_le_bytes(), offset.to_le_bytes()].concat());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    let place = [narrow(directory.len()).to_le_bytes(), narrow(archive.len()).to_le_bytes()].concat();
    archive.extend(directory);
    archive.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &place, &[0, 0]].concat());
    archive
}

/// What both headers of a file share: version, flags, method, time, date, checksum, both sizes, length of the name.
fn facts(name: &str, content: &[u8]) -> Vec<u8> {
    let size = narrow(content.len()).to_le_bytes();
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    let start = [VERSION_NEEDED, 0, 0, 0, DATE].map(u16::to_le_bytes).concat();
    [&start[..], &crc32(content).to_le_bytes(), &size, &size, &length].concat()
}

fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// CRC-32 (ISO 3309), with the reversed polynomial.
fn crc32(content: &[u8]) -> u32 {
    let shifted = |crc: u32| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !content.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shifted(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_standards() {
        assert_eq!((crc32(b""), crc32(b"123456789")), (0, 0xcbf4_3926));
    }
}
