#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# Builds the programs of a Kubernetes node from Debian 12's source package, in a file system of its own, so that the
# machine needs nothing but mmdebstrap. The argument is the folder to make; it appears when it is complete.
set -eu
target=$1

mkdir -p "$(dirname "$target")"
staging=$(mktemp -d "$target.XXXXXX")
trap 'rm -rf "$staging"' EXIT

cat >"$staging/make" <<'MAKE'
set -eu
programs='kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy'
cd /root
sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >/etc/apt/sources.list.d/source.list
apt-get --quiet update
apt-get --quiet source kubernetes
cd kubernetes-*/
# A release from before Go's modules. Without symbols it links in half the time; with kubelet static like the others,
# what they share is compiled once. No cloud's API is compiled, and memory is collected less often.
GOGC=400 GO111MODULE=off KUBE_STATIC_OVERRIDES=kubelet make all GOFLAGS=-tags=providerless GOLDFLAGS='-s -w' \
  WHAT="$(printf 'cmd/%s ' $programs)"
mkdir /programs
cd _output/bin
sha256sum $programs >/programs/SHA256SUMS
mv $programs /programs
MAKE

unshare --mount mmdebstrap --quiet --variant=minbase \
  --include=ca-certificates,dpkg-dev,gcc,golang-go,jq,libc6-dev,make,patch,rsync,xz-utils \
  --customize-hook="copy-in $staging/make /root" \
  --customize-hook='chroot "$1" sh /root/make' \
  --customize-hook="sync-out /programs $staging" \
  bookworm /dev/null

rm "$staging/make"
chmod 0755 "$staging"
trap - EXIT
mv "$staging" "$target"
