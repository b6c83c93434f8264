-- reads: pin, user
-- writes: median_followers_by_join_year
-- grain: one row per year from 2015 to 2020 that people who posted joined in
--
-- The median is over posts and exact: of an even number of counts it is the mean of the middle two. Posts without a count do
-- not take part. The year is that of joining, in UTC; the column is called post_year by the question.
WITH posts AS (
  SELECT CAST(EXTRACT(YEAR FROM user.date_joined) AS INTEGER) AS post_year, pin.follower_count
  FROM pin JOIN user ON user.ind = pin.ind
),
medians AS (
  SELECT post_year, MEDIAN(follower_count) AS median_follower_count
  FROM posts
  WHERE post_year BETWEEN 2015 AND 2020 AND follower_count IS NOT NULL
  GROUP BY post_year
)
SELECT post_year, median_follower_count
FROM medians
ORDER BY post_year
