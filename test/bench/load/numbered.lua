-- wrk with another number in every request: in the place of @NUMBER@, in the path or in a header.
-- The first number is the argument.
local parts = {}
local number

function init(args)
  number = tonumber(args[1])
  for part in (wrk.format() .. "@NUMBER@"):gmatch("(.-)@NUMBER@") do
    parts[#parts + 1] = part
  end
  assert(#parts == 2, "the request has to name @NUMBER@ once")
end

function request()
  number = number + 1
  return parts[1] .. string.format("%010d", number) .. parts[2]
end
