-- For wrk: asks AddItem, each time on a new cart.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  wrk.method = "POST"
  wrk.body = '{"sku":"A123","qty":2,"cents":950}'
  wrk.headers["Content-Type"] = "application/json"
  local prefer = os.getenv("PREFER")
  if prefer and prefer ~= "" then
    wrk.headers["Prefer"] = prefer
  end
  asked = 0
end

function request()
  asked = asked + 1
  return wrk.format(nil, "/Cart/" .. number .. "-" .. asked .. "/AddItem")
end
