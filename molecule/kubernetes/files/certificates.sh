#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# Makes in the current folder the cluster's authority, a certificate for its API server, and keys for service accounts.
# usage: certificates.sh ADDRESS...
set -eu
umask 077

names=DNS:kubernetes
for address; do names=$names,IP:$address; done

openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-cluster -keyout ca.key -out ca.crt
openssl req -newkey rsa:2048 -nodes -subj /CN=kube-apiserver -addext "subjectAltName=$names" \
  -keyout kube-apiserver.key -out kube-apiserver.csr
openssl x509 -req -days 30 -copy_extensions copy -CA ca.crt -CAkey ca.key -CAcreateserial \
  -in kube-apiserver.csr -out kube-apiserver.crt
openssl genrsa -out service-accounts.key 2048
openssl rsa -pubout -in service-accounts.key -out service-accounts.pub
