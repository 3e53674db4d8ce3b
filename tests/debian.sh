# Sourced by tests that run Debian's servers: packages are fetched and unpacked into a root of their own, so that nothing is installed and
# no daemon starts. Needs root, Debian and, the first time, package registries. The caller defines `as_root`, an array.

# download FOLDER PACKAGES [OPTION...]: the packages and what they need that is not installed, as files.
download() {
    local folder=$1 packages=$2
    shift 2
    mkdir -p "$folder/partial"
    # shellcheck disable=SC2086 # Several packages.
    "${as_root[@]}" apt-get install --yes --quiet=2 --download-only --reinstall --no-install-recommends -o Dir::Cache::archives="$folder" "$@" $packages
}

unpack() { # FOLDER ROOT
    mkdir -p "$2"/usr/{bin,sbin,lib,lib64}
    for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$2/$folder"; done
    for deb in "$1"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar --extract --keep-directory-symlink --directory "$2"; done
}
