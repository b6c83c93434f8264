-- reads: source
-- writes: reading
-- grain: one row per reading, as sent
WITH sent AS (
  SELECT * FROM source
)
SELECT serial, NULLIF(trim_text(code), '') AS code, parse_timestamp(read_at) AS read_at, NULLIF(celsius, 9999) AS celsius, is_manual, _position
FROM sent;
