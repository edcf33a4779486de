//! Key files: harmless shapes are read, and everything else is named. openssl makes what the sandbox's keys cannot.

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use evergrant::config::{KeySource, Settings};
use rsa::pkcs1::UintRef;
use rsa::pkcs1::der::Encode as _;
use sandbox::keys::RsaKey;

use crate::config::good;

/// A shape's name, and the file.
type Shape = (&'static str, Vec<u8>);

/// The output of openssl, which is fed `input`.
fn openssl(arguments: &str, input: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut command = Command::new("openssl");
    let command = command.args(arguments.split_whitespace()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().expect("openssl");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && !output.stdout.is_empty(), "openssl {arguments}");
    output.stdout
}

/// The fingerprint of the public key, or the error.
fn read(file: &[u8]) -> Result<String, String> {
    let env = good().with("EVERGRANT_SIGNING_KEY_ID", "file:key.pem").with_file("key.pem", file);
    let settings = Settings::read(&env).map_err(|errors| errors.to_string())?;
    let KeySource::Local(signer) = settings.signing_keys.current else { panic!("a file") };
    Ok(signer.public_key().pem().to_owned())
}

/// `pem` with its base64 in lines of `columns`.
fn columns(pem: &str, columns: usize) -> String {
    let lines: Vec<&str> = pem.lines().collect();
    let body = lines[1..lines.len() - 1].concat();
    let body: Vec<&str> =
        (0..body.len()).step_by(columns).map(|at| &body[at..(at + columns).min(body.len())]).collect();
    format!("{}\n{}\n{}\n", lines[0], body.join("\n"), lines[lines.len() - 1])
}

fn utf16(text: &str, big_endian: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

/// A certificate for the key in `pem`.
fn certificate(pem: &str) -> String {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), pem).unwrap();
    let request = format!("req -x509 -new -key {} -subj /CN=contoso -days 1", key.path().display());
    String::from_utf8(openssl(&request, b"")).unwrap()
}

fn pfx(pem: &str, certificate: &str) -> Vec<u8> {
    openssl("pkcs12 -export -passout pass:", (pem.to_owned() + certificate).as_bytes())
}

/// What editors and copy-and-paste do to the lines of a key.
fn other_lines(pkcs8: &str, pkcs1: &str) -> Vec<(&'static str, String)> {
    let joined = |separator: &str| pkcs8.lines().collect::<Vec<_>>().join(separator);
    vec![
        ("PKCS#8", pkcs8.to_owned()),
        ("PKCS#1", pkcs1.to_owned()),
        ("PKCS#1 under PKCS#8's name", pkcs1.replace("RSA PRIVATE KEY", "PRIVATE KEY")),
        ("PKCS#8 under PKCS#1's name", pkcs8.replace("PRIVATE KEY", "RSA PRIVATE KEY")),
        ("no line end at the end", pkcs8.trim_end().to_owned()),
        ("a blank line at the end", format!("{pkcs8}\n")),
        ("blank lines at the beginning", format!("\n\n{pkcs8}")),
        ("blank lines between all lines", joined("\n\n")),
        ("a blank line after BEGIN", pkcs8.replacen("KEY-----\n", "KEY-----\n\n", 1)),
        ("blanks at line ends", joined("  \n")),
        ("blanks after END", format!("{}   \n", pkcs8.trim_end())),
        ("indented by blanks", joined("\n    ")),
        ("indented, BEGIN too", format!("    {}", joined("\n    "))),
        ("indented by tabs", format!("\t{}", joined("\n\t"))),
        ("76 columns", columns(pkcs8, 76)),
        ("PKCS#1 in 76 columns", columns(pkcs1, 76)),
        ("48 columns", columns(pkcs8, 48)),
        ("one line of base64", columns(pkcs8, 1 << 20)),
        ("one line", joined("")),
        ("one line with blanks for line ends", joined(" ")),
        ("CRLF", joined("\r\n")),
        ("CR alone", joined("\r")),
        ("mixed line ends", pkcs8.replacen('\n', "\r\n", 5)),
    ]
}

/// What is around a key in a file, and marks that no one sees.
fn other_surroundings(pkcs8: &str, pkcs1: &str, cert: &str) -> Vec<(&'static str, String)> {
    let joined = |separator: &str| pkcs8.lines().collect::<Vec<_>>().join(separator);
    vec![
        ("UTF-8 BOM", format!("\u{feff}{pkcs8}")),
        ("UTF-8 BOM and CRLF", format!("\u{feff}{}\r\n", joined("\r\n"))),
        ("no-break spaces", joined("\u{a0}\n")),
        ("zero-width spaces", joined("\u{200b}\n")),
        ("text before BEGIN", format!("The key of contoso:\n{pkcs8}")),
        ("text after END", format!("{pkcs8}the end\n")),
        ("a comment after a number sign", format!("# signing key\n{pkcs8}# end\n")),
        ("key and certificate", format!("{pkcs8}{cert}")),
        ("certificate and key", format!("{cert}{pkcs8}")),
        ("a chain around the key", format!("{cert}{pkcs1}{cert}{cert}")),
        ("with its public key", format!("{pkcs8}-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")),
        ("the key twice", format!("{pkcs8}{pkcs8}")),
    ]
}

/// What shells, portals and other formats do to a key.
fn other_wrappings(pkcs8: &str) -> Vec<(&'static str, String)> {
    let lines: Vec<&str> = pkcs8.lines().collect();
    let body = lines[1..lines.len() - 1].concat();
    let joined = |separator: &str| lines.join(separator);
    let json = serde_json::json!({"client": "x", "private_key": pkcs8}).to_string();
    vec![
        ("escaped line feeds", joined("\\n")),
        ("escaped CRLF", joined("\\r\\n")),
        ("line feeds escaped twice", joined("\\\\n")),
        ("escaped line feeds in quotes", format!("\"{}\\n\"\n", joined("\\n"))),
        ("in single quotes", format!("'{}'\n", pkcs8.trim_end())),
        ("a shell's assignment", format!("SIGNING_KEY=\"{}\"\n", pkcs8.trim_end())),
        ("a YAML block", format!("key: |\n  {}\n", joined("\n  "))),
        ("a member of a JSON file", json.clone()),
        ("a JSON file of .NET", json.replace('+', "\\u002B").replace('=', "\\u003D")),
        ("a JSON file of PHP", json.replace('/', "\\/")),
        ("base64 of the PEM", STANDARD.encode(pkcs8)),
        ("base64 of the PEM in 76 columns", columns(&format!("\n{}\n\n", STANDARD.encode(pkcs8)), 76)),
        ("base64 of the PEM without padding", STANDARD_NO_PAD.encode(format!("{pkcs8}\n"))),
        ("base64url of the PEM", URL_SAFE.encode(pkcs8)),
        ("base64 of a PEM with BOM", STANDARD.encode(format!("\u{feff}{pkcs8}"))),
        ("base64 without BEGIN and END", body.clone()),
        ("base64 without padding", pkcs8.replace('=', "")),
        ("four dashes", pkcs8.replace("-----", "----")),
    ]
}

/// Keys in every shape that does no harm.
fn harmless(pkcs8: &str, pkcs1: &str) -> Vec<Shape> {
    let cert = certificate(pkcs8);
    let bags = openssl("pkcs12 -nodes -passin pass:", &pfx(pkcs8, &cert));
    let text = [other_lines(pkcs8, pkcs1), other_surroundings(pkcs8, pkcs1, &cert), other_wrappings(pkcs8)].concat();
    let bytes = [
        ("Bag Attributes", bags.clone()),
        ("text that is not UTF-8", [&b"friendlyName: Schl\xfcssel\n"[..], &bags].concat()),
        ("3072 bits", openssl("genrsa 3072", b"")),
        ("4096 bits", openssl("genrsa 4096", b"")),
    ];
    text.into_iter().map(|(name, text)| (name, text.into_bytes())).chain(bytes).collect()
}

#[test]
fn keys_in_every_harmless_shape_are_read() {
    let key = RsaKey::generate();
    let (pkcs8, public) = (key.pkcs8_pem(), key.public_pem());
    let mut wrong = Vec::new();
    for (name, file) in harmless(&pkcs8, &key.pkcs1_pem()) {
        let expected = match name {
            "3072 bits" | "4096 bits" => String::from_utf8(openssl("pkey -pubout", &file)).unwrap(),
            _ => public.clone(),
        };
        if read(&file).as_ref() != Ok(&expected) {
            wrong.push(format!("{name}: {:?}", read(&file)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A private key with a modulus of `bits` bits. Nothing else in it is right, because generating it takes a minute.
fn of_bits(bits: usize) -> Vec<u8> {
    let (modulus, one) = (vec![0xff; bits / 8], UintRef::new(&[1]).unwrap());
    let key = rsa::pkcs1::RsaPrivateKey {
        modulus: UintRef::new(&modulus).unwrap(),
        public_exponent: one,
        private_exponent: one,
        prime1: one,
        prime2: one,
        exponent1: one,
        exponent2: one,
        coefficient: one,
        other_prime_infos: None,
    };
    STANDARD.encode(key.to_der().unwrap()).into_bytes()
}

/// A file, and what the error says about it.
type Refused = (&'static str, Vec<u8>, &'static str);

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn with_a_passphrase(pkcs8: &str) -> Vec<Refused> {
    let encrypted = openssl("pkcs8 -topk8 -passout pass:x", pkcs8.as_bytes());
    let passphrase =
        "has a private key with a passphrase (write one without it: openssl pkey -in <file> -out <new file>)";
    vec![
        ("passphrase, PKCS#8", encrypted.clone(), passphrase),
        ("passphrase, traditional", openssl("rsa -traditional -aes128 -passout pass:x", pkcs8.as_bytes()), passphrase),
        ("passphrase, DER", openssl("pkcs8 -topk8 -outform DER -passout pass:x", pkcs8.as_bytes()), passphrase),
        ("passphrase, base64", STANDARD.encode(encrypted).into_bytes(), passphrase),
    ]
}

fn of_other_algorithms() -> Vec<Refused> {
    let ec = openssl("ecparam -name prime256v1 -genkey", b"");
    let ec_pkcs8 = openssl("pkey", &ec);
    let curve = "has an elliptic-curve key instead of an RSA key";
    vec![
        ("EC", ec, curve),
        ("EC in PKCS#8", ec_pkcs8.clone(), curve),
        ("EC in DER", openssl("ec -outform DER", &ec_pkcs8), curve),
        ("Ed25519", openssl("genpkey -algorithm ed25519", b""), curve),
        ("X25519", openssl("genpkey -algorithm x25519", b""), curve),
        ("RSA-PSS", openssl("genpkey -algorithm RSA-PSS", b""), "has an RSA-PSS key instead of a plain RSA key"),
        ("DSA", bytes("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n"), "has a DSA key"),
    ]
}

fn of_other_programs() -> Vec<Refused> {
    vec![
        (
            "OpenSSH",
            bytes("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n"),
            "has a private key in OpenSSH's own format (convert it, if it is RSA: ssh-keygen -p -m PKCS8 -f <file>)",
        ),
        (
            "SSH2",
            bytes("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n"),
            "has a private key in OpenSSH's own format",
        ),
        (
            "PuTTY",
            bytes("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n"),
            "has a private key in PuTTY's own format",
        ),
        (
            "OpenPGP",
            bytes("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxcLY\n-----END PGP PRIVATE KEY BLOCK-----\n"),
            "has an OpenPGP key",
        ),
    ]
}

fn without_a_private_key(pkcs8: &str) -> Vec<Refused> {
    let cert = certificate(pkcs8);
    let public = openssl("pkey -pubout", pkcs8.as_bytes());
    vec![
        ("certificate", bytes(&cert), "has a certificate instead of a private key"),
        (
            "certificate in DER",
            openssl("x509 -outform DER", cert.as_bytes()),
            "has a certificate instead of a private key",
        ),
        ("PKCS#7", openssl("crl2pkcs7 -nocrl -certfile /dev/stdin", cert.as_bytes()), "has a certificate instead of"),
        (
            "certificate request",
            bytes("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"),
            "has a certificate request instead of a private key",
        ),
        ("public key", public.clone(), "has a public key instead of the private key"),
        ("public key in DER", openssl("pkey -pubout -outform DER", pkcs8.as_bytes()), "has a public key instead of"),
        ("public key, PKCS#1", openssl("rsa -pubin -RSAPublicKey_out", &public), "has a public key instead of"),
        (
            "public key of SSH",
            bytes("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ me@contoso\n"),
            "has a public key instead of",
        ),
    ]
}

fn in_other_formats(pkcs8: &str) -> Vec<Refused> {
    let cert = certificate(pkcs8);
    let der = openssl("pkey -outform DER", pkcs8.as_bytes());
    vec![
        ("JWK", bytes(r#"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}"#), "has a JWK instead of PEM"),
        ("JWK set", bytes(r#"{"keys":[{"kty":"RSA","n":"AQAB"}]}"#), "has a JWK instead of PEM"),
        ("XML of .NET", bytes("<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>"), "has a key in XML instead of PEM"),
        ("DER", der.clone(), "is DER instead of PEM (convert it: openssl pkey -inform DER -in <file> -out <new file>)"),
        ("DER, PKCS#1", openssl("rsa -traditional -outform DER", pkcs8.as_bytes()), "is DER instead of PEM"),
        ("PFX", pfx(pkcs8, &cert), "is a PFX (PKCS#12) instead of PEM (convert it: openssl pkcs12 -in <file>"),
        ("base64 of a PFX", STANDARD.encode(pfx(pkcs8, &cert)).into_bytes(), "is a PFX (PKCS#12) instead of PEM"),
        (
            "Java key store",
            [&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2][..], &der].concat(),
            "is a Java key store instead of PEM",
        ),
        ("UTF-16", utf16(pkcs8, false, true), "is UTF-16 text (save it as UTF-8)"),
        ("UTF-16, big-endian", utf16(pkcs8, true, true), "is UTF-16 text (save it as UTF-8)"),
        ("UTF-16 without its mark", utf16(pkcs8, false, false), "is UTF-16 text (save it as UTF-8)"),
        ("base64 of UTF-16", STANDARD.encode(utf16(pkcs8, false, false)).into_bytes(), "is UTF-16 text (save it as"),
    ]
}

/// Keys that are unusable or broken, and texts without a key.
fn broken(pkcs8: &str) -> Vec<Refused> {
    let begin = "-----BEGIN PRIVATE KEY-----\n";
    let damaged = "has a private key that is damaged or incomplete";
    let half = pkcs8.lines().take(12).collect::<Vec<_>>().join("\n") + "\n";
    let other = RsaKey::generate().pkcs8_pem();
    vec![
        ("512 bits", openssl("genrsa 512", b""), "has an RSA key of 512 bits, and 2048 to 4096 are supported"),
        ("1024 bits", openssl("genrsa -traditional 1024", b""), "has an RSA key of 1024 bits"),
        ("8192 bits", of_bits(8192), "has an RSA key of 8192 bits, and 2048 to 4096 are supported"),
        ("three primes", openssl("genrsa -primes 3 2048", b""), "has an RSA key with more than two primes"),
        ("two keys", bytes(&format!("{pkcs8}{other}")), "has 2 private keys, and it is unclear which one is meant"),
        ("no END line", bytes(&half), "has a private key that is cut off: its END line is missing"),
        ("the next key before END", bytes(&format!("{half}{pkcs8}")), "has 2 private keys"),
        ("cut off before END", bytes(&format!("{half}-----END PRIVATE KEY-----\n")), damaged),
        ("nothing inside", bytes(&format!("{begin}-----END PRIVATE KEY-----\n")), damaged),
        (
            "shortened by hand",
            bytes(&pkcs8.replace("\nMII", "\n...MII")),
            "has a private key with a character that is not base64, in line 2",
        ),
        (
            "quoted in an e-mail",
            bytes(&pkcs8.replace('\n', "\n> ")),
            "has a private key with a character that is not base64, in line 2",
        ),
        (
            "typographic dashes",
            bytes(&pkcs8.replace("-----", "—–")),
            "has a private key without its BEGIN line, or with other characters",
        ),
        (
            "no BEGIN line",
            bytes(&pkcs8.replace("-----BEGIN PRIVATE KEY-----", "")),
            "has a private key without its BEGIN line",
        ),
        ("another file", bytes("hunter2-marker\n"), "has no private key in PEM, which begins with -----BEGIN PRIVATE"),
        ("another long text", bytes(&"hunter2 marker ".repeat(100)), "has no private key in PEM"),
        ("a web page", bytes("<!DOCTYPE html><html><body>Sign in</body></html>"), "has no private key in PEM"),
        ("parameters only", openssl("ecparam -name prime256v1", b""), "has no private key in PEM"),
        ("nothing", Vec::new(), "is empty"),
        ("blank lines", bytes("\r\n  \n"), "is empty"),
    ]
}

#[test]
fn every_other_key_file_is_named() {
    let pkcs8 = RsaKey::generate().pkcs8_pem();
    let mut wrong = Vec::new();
    let others = [with_a_passphrase(&pkcs8), of_other_algorithms(), of_other_programs()].concat();
    let without = [without_a_private_key(&pkcs8), in_other_formats(&pkcs8), broken(&pkcs8)].concat();
    for (name, file, reason) in [others, without].concat() {
        let expected = format!("EVERGRANT_SIGNING_KEY_ID is invalid: the file it names {reason}");
        let error = read(&file).expect_err(name);
        let leaks =
            pkcs8.lines().any(|line| !line.starts_with('-') && error.contains(line)) || error.contains("hunter2");
        if !error.starts_with(&expected) || error.lines().count() > 1 || leaks {
            wrong.push(format!("{name}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
