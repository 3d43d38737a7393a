-- wrk asking for one path after another: those of a file, a line each. Arguments: the file, and how many
-- lines of it come last, because an earlier turn has had them.
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
