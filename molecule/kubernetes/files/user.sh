#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# Makes in the current folder a kubeconfig with a key and a certificate of its own.
# usage: user.sh FILE SUBJECT SERVER
set -eu
umask 077

openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr"
openssl x509 -req -days 30 -CA ca.crt -CAkey ca.key -CAcreateserial -in "$1.csr" -out "$1.crt"
cat >"$1.conf" <<KUBECONFIG
apiVersion: v1
kind: Config
clusters:
  - name: test
    cluster: {server: "$3", certificate-authority-data: $(base64 --wrap=0 ca.crt)}
users:
  - name: $1
    user: {client-certificate-data: $(base64 --wrap=0 "$1.crt"), client-key-data: $(base64 --wrap=0 "$1.key")}
contexts:
  - name: test
    context: {cluster: test, user: $1}
current-context: test
KUBECONFIG
