-- reads: reading
-- writes: mean_by_station
-- grain: one row per station
SELECT code, avg(celsius) AS celsius
FROM reading
GROUP BY code
ORDER BY code
