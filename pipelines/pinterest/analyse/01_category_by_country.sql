-- reads: pin, geo
-- writes: category_by_country
-- grain: one row per country and most posted category
--
-- Ties are kept: a country whose leading categories have equally many posts has a row for each.
WITH posts AS (
  SELECT geo.country, pin.category
  FROM pin JOIN geo ON geo.ind = pin.ind
),
counted AS (
  SELECT country, category, COUNT(*) AS category_count
  FROM posts
  GROUP BY country, category
),
ranked AS (
  SELECT country, category, category_count, RANK() OVER (PARTITION BY country ORDER BY category_count DESC) AS place
  FROM counted
)
SELECT country, category, category_count
FROM ranked
WHERE place = 1
ORDER BY country, category
