#!/bin/sh
# The root file system of the virtual board: Debian 13, a kernel with the two modules that stand for
# the header and the camera, the program in /opt/exam-gate. root.sh CACHE CHECKOUT
# Each step leaves a stamp in CACHE, so a run that was broken off goes on where it was.
set -eu
cache=$1 checkout=$2
root=$cache/root
base="systemd systemd-sysv udev dbus kmod linux-image-amd64 python3 python3-venv python3-dev \
python3-libcamera libcamera-ipa chrony ca-certificates iproute2 procps gpiod mosquitto nftables \
qemu-guest-agent swig gcc make libc6-dev libcap-dev xz-utils linux-source-6.12"

say() { printf 'root: %s\n' "$*" >&2; }

# inside COMMAND: a shell command in the root, with the host's way to the package registries.
inside() {
    env | grep -E '^(PIP_CERT|PIP_INDEX_URL|PIP_TRUSTED_HOST|SSL_CERT_FILE|REQUESTS_CA_BUNDLE)=' | sed "s/'/'\\\\''/g; s/=\\(.*\\)/='\\1'/; s/^/export /" \
        >"$root/run/host-environment"
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive sh -c ". /run/host-environment; $1"
}

# stamped NAME VALUE: whether the step is done for this value.
stamped() { [ "$(cat "$cache/$1.stamp" 2>/dev/null)" = "$2" ]; }
stamp() { printf '%s' "$2" >"$cache/$1.stamp"; }

mkdir -p "$cache"
suite=trixie
if ! stamped base "$suite $base"; then
    say "Debian $suite and its kernel"
    rm -rf "$root"
    list=$(printf '%s' "$base" | tr -s ' \n' ',,')
    debootstrap --variant=minbase "--include=$list" "$suite" "$root" http://deb.debian.org/debian \
        >"$cache/debootstrap.log" 2>&1 || { tail -n 5 "$cache/debootstrap.log" >&2; exit 8; }
    stamp base "$suite $base"
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/etc/ssl/certs"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/pip.conf"

kernel=$(basename "$root"/lib/modules/*)
if ! stamped modules "$kernel"; then
    say "gpio-sim and vimc for $kernel, which Debian's kernel does not have"
    inside "apt-get -q -y install --no-install-recommends linux-headers-$kernel >/dev/null"
    cp "$checkout/scripts/virtual_board/modules.sh" "$root/run/modules.sh"
    inside "sh /run/modules.sh $kernel" >"$cache/modules.log" 2>&1 ||
        { tail -n 8 "$cache/modules.log" >&2; exit 1; }
    stamp modules "$kernel"
fi

packages=$(sha256sum "$checkout/setup.py" | cut -d' ' -f1)
if ! stamped packages "$packages"; then
    say "the program's packages"
    rm -rf "$root/src"
    mkdir -p "$root/src"
    (cd "$checkout" && git archive HEAD) | tar -x -C "$root/src"
    [ -x "$root/opt/exam-gate/bin/pip" ] ||
        inside "python3 -m venv --system-site-packages /opt/exam-gate"
    # lgpio has no wheel for this Python, so the extra leaves both out here. Raspberry Pi's own
    # archive has them as packages.
    inside "cd /src && PYPI=1 /opt/exam-gate/bin/pip install -q --no-binary lgpio . \
        'picamera2>=0.3.36' 'lgpio>=0.2.2'"
    stamp packages "$packages"
fi

say "the program as it stands in the checkout"
rm -rf "$root/src"
mkdir -p "$root/src"
(cd "$checkout" && git ls-files -z --cached --others --exclude-standard |
    tar -c --null --ignore-failed-read -T - 2>/dev/null) | tar -x -C "$root/src"
inside "cd /src && /opt/exam-gate/bin/pip install -q --no-deps --force-reinstall . && rm -rf /src/build"
# picamera2 imports the module of the DRM preview, which is in Raspberry Pi's archive alone.
site=$(echo "$root"/opt/exam-gate/lib/python3*/site-packages)
cat >"$site/pykms.py" <<'STUB'
"""Stands for pykms, which Raspberry Pi's archive has: picamera2 imports it even without a preview."""


class _Names:
    """Every name is its own value: of no use without a display."""

    def __getattr__(self, name: str) -> str:
        return name


PixelFormat = _Names()
STUB
