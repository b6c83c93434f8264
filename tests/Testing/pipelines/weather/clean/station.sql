-- reads: source
-- writes: station
-- grain: one row per station, as sent
WITH sent AS (
  SELECT * FROM source
)
SELECT
  _position, NULLIF(trim_text(code), '') AS code, coordinates(latitude, longitude) AS position,
  parse_timestamp(opened) AS opened, elevation
FROM sent
