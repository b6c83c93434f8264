-- reads: pin, geo
-- writes: top_country_by_followers
-- grain: one row per country where the poster with most followers of all posted from
--
-- Ties are kept: the poster may have posted from several countries, and several posters may have equally many followers.
-- Each country has one row however many such posters it has.
WITH posters AS (
  SELECT DISTINCT geo.country, pin.follower_count
  FROM pin JOIN geo ON geo.ind = pin.ind
  WHERE pin.poster_name IS NOT NULL AND pin.follower_count IS NOT NULL
),
ranked AS (
  SELECT country, follower_count, RANK() OVER (ORDER BY follower_count DESC) AS place
  FROM posters
)
SELECT country, follower_count
FROM ranked
WHERE place = 1
ORDER BY country
