-- reads: pin, geo
-- writes: category_by_year
-- grain: one row per year from 2018 to 2022 and most posted category
--
-- A year is that of the post, in UTC. Ties are kept.
WITH posts AS (
  SELECT CAST(EXTRACT(YEAR FROM geo.timestamp) AS INTEGER) AS post_year, pin.category
  FROM pin JOIN geo ON geo.ind = pin.ind
),
counted AS (
  SELECT post_year, category, COUNT(*) AS category_count
  FROM posts
  WHERE post_year BETWEEN 2018 AND 2022
  GROUP BY post_year, category
),
ranked AS (
  SELECT post_year, category, category_count, RANK() OVER (PARTITION BY post_year ORDER BY category_count DESC) AS place
  FROM counted
)
SELECT post_year, category, category_count
FROM ranked
WHERE place = 1
ORDER BY post_year, category
