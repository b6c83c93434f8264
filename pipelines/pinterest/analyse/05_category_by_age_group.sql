-- reads: pin, user
-- writes: category_by_age_group
-- grain: one row per age group and most posted category
--
-- Groups are 18-24, 25-35, 36-50 and 50+; a person of 50 belongs to 36-50, one under 18 to none. Ties are kept.
WITH posts AS (
  SELECT
    CASE
      WHEN user.age BETWEEN 18 AND 24 THEN '18-24'
      WHEN user.age BETWEEN 25 AND 35 THEN '25-35'
      WHEN user.age BETWEEN 36 AND 50 THEN '36-50'
      WHEN user.age > 50 THEN '50+'
    END AS age_group,
    pin.category
  FROM pin JOIN user ON user.ind = pin.ind
),
counted AS (
  SELECT age_group, category, COUNT(*) AS category_count
  FROM posts
  WHERE age_group IS NOT NULL
  GROUP BY age_group, category
),
ranked AS (
  SELECT age_group, category, category_count, RANK() OVER (PARTITION BY age_group ORDER BY category_count DESC) AS place
  FROM counted
)
SELECT age_group, category, category_count
FROM ranked
WHERE place = 1
ORDER BY age_group, category
