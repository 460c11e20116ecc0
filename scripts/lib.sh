# Shared by every script here: what a bare Debian 12 lacks is installed once, then nothing is done.
# Sourced with the caller's $0 in scripts/; leaves the shell in the checkout with $venv set,
# and $called_from naming the folder it came from.
# shellcheck shell=sh disable=SC2034

called_from=$PWD
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root" || exit 1
venv=$root/.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$1"; exit "${2:-1}"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_get ARGUMENT...: quiet unless it fails. Another apt is waited for: a new machine updates itself.
apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" \
        >"$apt_log" 2>&1 || { tail -n 15 "$apt_log" >&2; return 1; }
}

# Debian keeps daemons in /usr/sbin, which is not on every user's PATH.
has() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1; }

# A Python of 3.11 or newer that can make environments; empty where there is none.
find_python() {
    for name in python3 python3.11 python3.12 python3.13 /usr/bin/python3; do
        if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            printf '%s\n' "$name"
            return 0
        fi
    done
    return 1
}

# need_packages PACKAGE...: apt, once, and only for what is missing.
need_packages() {
    say "installing with apt: $*"
    has apt-get || die "apt-get is missing: install these yourself: $*" 4
    [ "$(id -u)" -eq 0 ] || { has sudo && sudo true; } ||
        die "only root installs packages; as root: apt-get update && apt-get install -y $*" 5
    apt_log=$(mktemp)
    apt_get update || die "apt-get update failed, see above: check the network and apt's sources" 8
    apt_get install --no-install-recommends "$@" || die "apt-get install failed, see above, for: $*" 8
    rm -f "$apt_log"
}

# compiles: whether there is a C compiler with its library; a gcc without libc6-dev has none.
compiles() { echo '#include <stdio.h>' | cc -x c -E -o /dev/null - 2>/dev/null; }

# builds_guard: whether the broker's plugin can be compiled.
builds_guard() {
    printf '#include <mosquitto_broker.h>\n#include <openssl/ssl.h>\n' |
        cc -x c -E -o /dev/null - 2>/dev/null
}

# system [mosquitto] [postgresql] [cc] [guard] [nodejs] [chromium] [pdftotext] [chinese-font] [qemu-aarch64] [debootstrap] [qemu-system-x86] [qemu-utils] [nbdkit]: Debian's part of the set-up.
system() {
    missing=
    find_python >/dev/null || missing="python3 python3-venv"
    for tool in "$@"; do
        case $tool in
            postgresql)
                ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
                ;;
            nodejs) has node || missing="$missing nodejs" ;;
            cc) compiles || missing="$missing gcc libc6-dev" ;;
            pdftotext) has pdftotext || missing="$missing poppler-utils" ;;
            chinese-font)
                [ -e /usr/share/fonts/truetype/wqy/wqy-microhei.ttc ] ||
                    [ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] ||
                    missing="$missing fonts-wqy-microhei"
                ;;
            qemu-aarch64) has qemu-aarch64 || missing="$missing qemu-user" ;;
            qemu-system-x86) has qemu-system-x86_64 || missing="$missing qemu-system-x86" ;;
            qemu-utils) has qemu-img || missing="$missing qemu-utils" ;;
            guard) builds_guard || missing="$missing gcc libc6-dev mosquitto-dev libssl-dev" ;;
            *) has "$tool" || missing="$missing $tool" ;;
        esac
    done
    [ -e /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
    # shellcheck disable=SC2086  # a list of package names
    [ -z "$missing" ] || need_packages $missing
    find_python >/dev/null || die "no Python 3.11 or newer with venv was found" 4
}

# environment: .venv of this checkout, with exactly the packages that the tests have seen
# (constraints.txt, by hash). The stamp names what it was made from and where: an environment cannot
# be moved, so a moved checkout makes it anew.
environment() {
    stamp="$(cat setup.py constraints.txt | sha256sum | cut -d' ' -f1) $root"
    if [ "$(cat "$venv/.installed" 2>/dev/null)" = "$stamp" ] && "$venv/bin/python" -c '' 2>/dev/null
    then
        return 0
    fi
    python=$(find_python)
    say "making .venv with $("$python" --version) (a few minutes the first time)"
    "$python" -m venv --clear "$venv" || die "could not make $venv" 7
    "$venv/bin/python" -m pip install --quiet --require-hashes -r constraints.txt ||
        die "pip could not install the packages of constraints.txt named above" 8
    "$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation -e . ||
        die "pip could not install the checkout itself" 8
    "$venv/bin/python" -m pip check --quiet ||
        die "constraints.txt lacks a package of setup.py: run scripts/pin" 4
    printf '%s\n' "$stamp" >"$venv/.installed"
}

# networks: the face networks in their cache, built where they are absent or damaged.
networks() {
    "$venv/bin/exam-gate" models verify >/dev/null 2>&1 ||
        "$venv/bin/exam-gate" models build ||
        die "the face networks could not be built" 4
}
