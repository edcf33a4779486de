# shellcheck shell=bash
# Finds the package to upload: a given one, one built here, or the released one.
# The caller defines `say`, `note`, `fail`, the folders `here` and `work`, and `package`, `build` and `releases`.
# shellcheck disable=SC2154

find_package() {
    [ -z "$package" ] || return 0
    package="$here/target/package/evergrant.zip"
    if [ -n "$build" ] || command -v cargo >/dev/null; then
        say "Building the package"
        "$here/package"
    else
        say "Downloading the released package"
        download_package
    fi
}

# The page of the releases: --releases, or that of the repository that this folder is a clone of.
releases_url() {
    local origin
    if [ -n "$releases" ]; then
        printf '%s\n' "${releases%/}"
        return
    fi
    origin="$(git -C "$here" remote get-url origin 2>/dev/null)" || return 0
    origin="${origin%/}"
    # A URL may contain a password, which is not needed and must not be printed.
    sed -n 's|^ssh://[^@/]*@\([^:/]*\)[:0-9]*/|https://\1/|
        s|^[a-z]*@\([^:/]*\):|https://\1/|
        s|^\(https*://\)[^@/]*@|\1|
        s|\.git$||
        s|$|/releases|
        /^https:/p' <<<"$origin"
}

# Downloads the package of this version; of the newest release if this version was not released.
download_package() {
    local url version
    url="$(releases_url)"
    version="$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/Cargo.toml" | head -n 1)"
    if [ -n "$url" ] && { fetch "$url/download/v$version" || fetch "$url/latest/download"; }; then
        mkdir -p "$here/target/package/app"
        mv "$work/evergrant.zip" "$work/evergrant.zip.sha256" "$here/target/package"
        unzip -qo "$package" -d "$here/target/package/app"
        return
    fi
    if [ -f "$package" ]; then
        note "no release could be downloaded; using $package, which was built earlier"
        return
    fi
    fail "Rust is not installed, and no release could be downloaded${url:+ from $url}" \
        "Download evergrant.zip from a release and pass it as --package evergrant.zip," \
        "name the page with the releases as --releases URL, or install Rust and pass --build."
}

# fetch FOLDER: downloads the package and its checksum.
fetch() {
    local file
    for file in evergrant.zip evergrant.zip.sha256; do
        curl --fail --location --silent --show-error --retry 2 --max-time 300 --output "$work/$file" "$1/$file" 2>"$work/errors" || return 1
    done
    [ "$(sha256 "$work/evergrant.zip")" = "$(cut -d' ' -f1 "$work/evergrant.zip.sha256")" ] ||
        fail "the downloaded package does not have its checksum: $1/evergrant.zip" "Run this again. If it happens again, do not deploy it."
    note "downloaded $1/evergrant.zip"
}

# sha256 FILE: its checksum. macOS has another program for it.
sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi <"$1" | cut -d' ' -f1
}
