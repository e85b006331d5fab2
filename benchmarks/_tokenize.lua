-- SPDX-License-Identifier: GPL-3.0-or-later
-- Copyright (c) 2026, the monitor_lab contributors
-- For wrk: stores under random names out of NAMES, or under ever new ones where NAMES is 0.
local names = tonumber(os.getenv("NAMES"))
local headers = {["Content-Type"] = "application/json"}
local last = 0
math.randomseed(os.time())

function request()
  if names > 0 then last = math.random(names) else last = last + 1 end
  local body = string.format('{"name": "token_%d", "data": "example sensitive info"}', last)
  return wrk.format("POST", "/tokenize", headers, body)
end
