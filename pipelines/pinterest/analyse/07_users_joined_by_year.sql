-- reads: user
-- writes: users_joined_by_year
-- grain: one row per year from 2015 to 2020 that people joined in
--
-- People are counted, not their posts: a person is a name, an age and a moment of joining, since different people share a
-- name. The year is that of joining, in UTC; the column is called post_year by the question.
WITH people AS (
  SELECT DISTINCT user_name, age, date_joined
  FROM user
),
joined AS (
  SELECT CAST(EXTRACT(YEAR FROM date_joined) AS INTEGER) AS post_year
  FROM people
),
counted AS (
  SELECT post_year, COUNT(*) AS number_users_joined
  FROM joined
  WHERE post_year BETWEEN 2015 AND 2020
  GROUP BY post_year
)
SELECT post_year, number_users_joined
FROM counted
ORDER BY post_year
