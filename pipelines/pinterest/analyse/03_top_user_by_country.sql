-- reads: pin, geo
-- writes: top_user_by_country
-- grain: one row per country and poster with most followers
--
-- A poster posts many times, so equal (country, poster, count) are one row. Posters without a name or a count do not take
-- part. Ties are kept: posters with equally many followers have a row each.
WITH posters AS (
  SELECT DISTINCT geo.country, pin.poster_name, pin.follower_count
  FROM pin JOIN geo ON geo.ind = pin.ind
  WHERE pin.poster_name IS NOT NULL AND pin.follower_count IS NOT NULL
),
ranked AS (
  SELECT country, poster_name, follower_count, RANK() OVER (PARTITION BY country ORDER BY follower_count DESC) AS place
  FROM posters
)
SELECT country, poster_name, follower_count
FROM ranked
WHERE place = 1
ORDER BY country, poster_name
