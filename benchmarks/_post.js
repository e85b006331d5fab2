// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (c) 2026, the monitor_lab contributors
import http from "k6/http";

const headers = { headers: { "Content-Type": "application/json" } };

export default function () {
  const name = `token_${1 + Math.floor(Math.random() * 1000)}`;
  http.post(__ENV.URL, JSON.stringify({ name: name, data: `example sensitive info of ${name}` }), headers);
}
