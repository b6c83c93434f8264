-- reads: source
-- writes: user
-- grain: one row per post: the person who posted it; duplicates of a key are the caller's to drop
WITH person AS (
  SELECT _position, ind, first_name, last_name, age, date_joined
  FROM source
),
cleaned AS (
  SELECT
    _position,
    TRY_CAST(ind AS INTEGER) AS ind,
    NULLIF(trim_text(first_name), '') || ' ' || NULLIF(trim_text(last_name), '') AS user_name,
    TRY_CAST(age AS INTEGER) AS age,
    parse_timestamp(date_joined) AS date_joined
  FROM person
)
SELECT ind, user_name, age, date_joined, _position
FROM cleaned
