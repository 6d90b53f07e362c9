# Shared by the scripts of this folder; sourced, not run. Bash 4 or later.
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
swift_least="6.2"

# What the build needs, by the names of Debian and Ubuntu.
packages_build=(
    librdkafka-dev libsqlite3-dev libzstd-dev libssl-dev libyaml-dev libmicrohttpd-dev pkg-config
)
# What training boosted trees opens at run time. Not every distribution offers it; nothing else depends on it.
packages_optional=(libxgboost0)
# What only the tests use.
packages_test=(python3 python3-venv sqlite3 zstd jq)

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "$@"
    exit 1
}

# The distribution, if these scripts know its packages: "debian 12", "ubuntu 24.04", …
distribution() {
    local file=${MODELCAST_OS_RELEASE:-/etc/os-release}
    [ -r "$file" ] || return 1
    # Its values are quoted for a shell, which is the documented way to read it (os-release(5)).
    (. "$file" && printf '%s %s\n' "${ID:-unknown}" "${VERSION_ID:-}")
}

is_supported() {
    case "$1" in
    "debian 12"* | "debian 13"* | "ubuntu 24."* | "ubuntu 25."*) return 0 ;;
    *) return 1 ;;
    esac
}

# Prints those of the given packages that are not installed.
missing_packages() {
    local package state
    for package in "$@"; do
        state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || printf '%s\n' "$package"
    done
}

# Prints those of the given packages that the distribution offers.
offered_packages() {
    local package
    for package in "$@"; do
        if apt-cache show "$package" >/dev/null 2>&1; then printf '%s\n' "$package"; fi
    done
}

# Installs what is missing of the given packages. Does nothing, and asks for nothing, when all of them are there.
#   ensure_packages PACKAGE...
ensure_packages() {
    local system missing as_root=()
    system=$(distribution) || system="unknown"
    if ! is_supported "$system" || ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        if ensure_by_pkg_config; then return 0; fi
        fail "This system (${system% }) is not one whose packages these scripts install (Debian 12, Ubuntu 24.04)." \
            $'\n'"Install what Debian calls: $*" $'\n'"Then run this again."
    fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Missing: ${missing[*]}"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "Installing them needs root. Run as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing them: ${as_root[*]:+${as_root[*]} }apt-get install ${missing[*]}"
    "${as_root[@]}" apt-get update -qq || say "apt-get update failed; trying with the lists that are there."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null </dev/null || fail "The packages could not be installed: ${missing[*]}"
}

# On a system without apt the libraries may be there under other names.
ensure_by_pkg_config() {
    command -v pkg-config >/dev/null || return 1
    pkg-config --exists rdkafka sqlite3 libzstd libcrypto yaml-0.1 libmicrohttpd
}

# Installs what is only nice to have, where the distribution offers it; never stops.
ensure_optional_packages() {
    local system missing offered
    system=$(distribution) || return 0
    is_supported "$system" || return 0
    command -v apt-cache >/dev/null && command -v dpkg-query >/dev/null || return 0
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    mapfile -t offered < <(offered_packages "${missing[@]}")
    if [ ${#offered[@]} -eq 0 ]; then
        say "Not offered by this system, going on without: ${missing[*]} (only the training of boosted trees uses it;" \
            "the PyPI package xgboost-cpu has it too)"
        return 0
    fi
    (ensure_packages "${offered[@]}") || say "Going on without ${offered[*]} (only the training of boosted trees uses it)."
}

# Stops unless a Swift toolchain of at least the needed version is on the path.
ensure_swift() {
    local version
    # An installation by swiftly is on the path of new shells only.
    if ! command -v swift >/dev/null && [ -r "${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh" ]; then
        . "${SWIFTLY_HOME_DIR:-$HOME/.local/share/swiftly}/env.sh"
    fi
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1) || true
    if [ -z "$version" ] || [ "$(printf '%s\n%s\n' "$swift_least" "$version" | sort -V | head -n 1)" != "$swift_least" ]; then
        say "Swift $swift_least or newer is needed${version:+ (this is $version)}. One command installs it:"
        say
        say "  curl -fsSL https://download.swift.org/swiftly/linux/swiftly-\$(uname -m).tar.gz | tar -xz -C /tmp &&" \
            "/tmp/swiftly init --assume-yes && . ~/.local/share/swiftly/env.sh"
        say
        fail "Then run this again."
    fi
}

# The libraries that trained models come from, as oracles of the tests; made once. The caller has `note_skipped`, which
# says what is left out, and a folder $logs.
prepare_python() {
    local packages=(xgboost-cpu==3.2.0 numpy confluent-kafka zstandard scikit-learn)
    if [ ! -f .venv/complete ] || [ "$(cat .venv/complete)" != "${packages[*]}" ]; then
        say "Preparing .venv with the tests' Python packages…"
        rm -rf .venv
        if ! { python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check "${packages[@]}"; } \
            >"$logs/python" 2>&1 </dev/null; then
            tail -n 5 "$logs/python" >&2
            rm -rf .venv
            note_skipped "Python oracles: .venv could not be made (is there a network?); tests that compare with Python are skipped"
            return 0
        fi
        printf '%s' "${packages[*]}" >.venv/complete
    fi
    export MODELCAST_PYTHON=$repository/.venv/bin/python
}

# A real Kafka, if there is one beside the repository.
prepare_kafka() {
    local beside=$repository/../shared/kafka/kafka
    if [ -z "${MODELCAST_KAFKA:-}" ] && [ -x "$beside" ]; then MODELCAST_KAFKA=$(cd "$(dirname "$beside")" && pwd)/kafka; fi
    if [ -z "${MODELCAST_KAFKA:-}" ]; then
        note_skipped "real Kafka: set MODELCAST_KAFKA to a script that starts one; tests on a real Kafka are skipped"
        return 0
    fi
    export MODELCAST_KAFKA
    command -v java >/dev/null || (ensure_packages default-jre-headless) ||
        note_skipped "real Kafka: it needs Java 17; tests on a real Kafka are skipped"
}

# The suites that inject faults: types of the tests whose names end so.
list_suites_under_fire() {
    grep -rhoE '\b(struct|enum|class) [A-Za-z0-9]+UnderFire\b' Tests --include='*.swift' | awk '{print $2}' | sort -u
}
