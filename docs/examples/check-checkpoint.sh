#!/bin/sh
# Checks a checkpoint of exam-office audit with openssl 3 and nothing of ours.
# Written from docs/audit.md.
#   sh check-checkpoint.sh checkpoint-EXAM.txt office.pub     exit 0 it holds, 1 it does not
set -eu
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
sed '/^$/,$d' "$1" >"$folder/text" # what is signed: all before the empty line
sed -n 's/^— exam-office //p' "$1" | base64 -d | tail -c +5 >"$folder/signature"
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000' && base64 -d "$2"; } >"$folder/key.der"
[ "$(head -n 1 "$folder/text")" = exam-gate/checkpoint/1 ] || exit 1
openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$folder/key.der" \
    -in "$folder/text" -sigfile "$folder/signature" || exit 1
# The reports beside it, by the SHA-256s that were signed.
sed -n 2p "$folder/text" | grep -o '"audit-[^"]*":"[0-9a-f]*"' |
    sed 's/"\(.*\)":"\(.*\)"/\2  \1/' >"$folder/sums"
cd "$(dirname "$1")" && sha256sum --check --ignore-missing "$folder/sums" || exit 1
