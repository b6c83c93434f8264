-- reads: pin, user
-- writes: median_followers_by_age_group
-- grain: one row per age group of the people who posted
--
-- The median is over posts, as the question is asked of the joined tables, and exact: of an even number of counts it is the
-- mean of the middle two. Posts without a count do not take part. A person of 50 belongs to 36-50, one under 18 to no group.
WITH posts AS (
  SELECT
    CASE
      WHEN user.age BETWEEN 18 AND 24 THEN '18-24'
      WHEN user.age BETWEEN 25 AND 35 THEN '25-35'
      WHEN user.age BETWEEN 36 AND 50 THEN '36-50'
      WHEN user.age > 50 THEN '50+'
    END AS age_group,
    pin.follower_count
  FROM pin JOIN user ON user.ind = pin.ind
),
medians AS (
  SELECT age_group, MEDIAN(follower_count) AS median_follower_count
  FROM posts
  WHERE age_group IS NOT NULL AND follower_count IS NOT NULL
  GROUP BY age_group
)
SELECT age_group, median_follower_count
FROM medians
ORDER BY age_group
