-- wrk asking for one path after another: those of a file, a line each, and then again from the beginning.
-- Arguments: the file, and how many lines are left out at first.
local before, after
local paths = {}
local at

function init(args)
  for path in io.lines(args[1]) do
    paths[#paths + 1] = path
  end
  at = tonumber(args[2]) % #paths
  before, after = wrk.format("GET", "@PATH@"):match("^(.-)@PATH@(.*)$")
end

function request()
  at = at % #paths + 1
  return before .. paths[at] .. after
end
