-- Two processes can make a day's salt at the same moment around midnight: the first holds for both.
SELECT salt
FROM selvedge.salts
WHERE day = {day:Date}
ORDER BY made, salt
LIMIT 1
