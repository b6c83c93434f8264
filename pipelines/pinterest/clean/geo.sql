-- reads: source
-- writes: geo
-- grain: one row per post, as posted; duplicates of a key are the caller's to drop
WITH place AS (
  SELECT _position, ind, timestamp, latitude, longitude, country
  FROM source
),
cleaned AS (
  SELECT
    _position,
    TRY_CAST(ind AS INTEGER) AS ind,
    NULLIF(trim_text(country), '') AS country,
    coordinates(latitude, longitude) AS coordinates,
    parse_timestamp(timestamp) AS timestamp
  FROM place
)
SELECT ind, country, coordinates, timestamp, _position
FROM cleaned
