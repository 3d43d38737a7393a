-- A stable list: the rankings of single days that `inputs` names, put together by the Dowdall rule. A site
-- gets 1/rank from each, in units of 10⁻¹², rounded down: whole numbers add up to the same in any order.
-- Sites with equal sums share a rank.
SELECT rank() OVER (ORDER BY points DESC) AS rank, site
FROM (
    SELECT site, sum(intDiv(1000000000000, daily.rank)) AS points
    FROM selvedge.ranks AS daily
    WHERE scope = ''
      AND window_days = 1
      AND day BETWEEN {from:Date} AND {to:Date}
      AND computation IN {inputs:Array(UUID)}
    GROUP BY site
)
ORDER BY rank, site
LIMIT {limit:UInt32}
