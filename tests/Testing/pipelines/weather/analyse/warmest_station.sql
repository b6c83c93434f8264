-- reads: mean_by_station, station
-- writes: warmest_station
-- grain: one row per station with the highest mean
WITH ranked AS (
  SELECT code, celsius, RANK() OVER (ORDER BY celsius DESC) AS place
  FROM mean_by_station
)
SELECT ranked.code, item_at(station.position, 1) AS latitude, ranked.celsius
FROM ranked JOIN station ON station.code = ranked.code
WHERE ranked.place = 1
ORDER BY code
