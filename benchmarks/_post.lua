-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, the monitor_lab contributors
-- For wrk: what the shipped locustfile asks, always for the same name.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"name": "token_500", "data": "example sensitive info of token_500"}'
