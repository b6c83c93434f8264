-- The functions of duckdb.sql for Spark 3.5 and later (SQL user-defined functions: Spark 4.0, Databricks Runtime 14.1).
-- Run it once per session before the pipeline's SQL. The same names have the same meaning in both files.

-- Without white space (Unicode White_Space, so U+00A0 too) at both ends. Line breaks inside stay, and so does a final
-- ellipsis (U+2026): it says that the text was cut. A no-break space after the ellipsis goes.
CREATE OR REPLACE TEMPORARY FUNCTION trim_text(text STRING) RETURNS STRING
  RETURN regexp_replace(text, r'\A[\s\x0b\x{85}\pZ]+|[\s\x0b\x{85}\pZ]+\z', '');

-- Internal: one part of a count (1 whole digits, 2 fraction digits without final zeros, 3 suffix); empty when it is none.
CREATE OR REPLACE TEMPORARY FUNCTION _count_part(text STRING, part INT) RETURNS STRING
  RETURN regexp_extract(
    text,
    r'\A([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?:([0-9]*[1-9])0*|0+))?[ \x{a0}]?([kKmMbB]?)\z',
    part);

CREATE OR REPLACE TEMPORARY FUNCTION _count_shifted(whole STRING, fraction STRING, zeros INT) RETURNS STRING
  RETURN CASE WHEN length(fraction) <= zeros THEN replace(whole, ',', '') || rpad(fraction, zeros, '0') END;

-- BIGINT: the count that people write as 759, 1,234, 134k, 1.5k, 2M or 1b. The digits are shifted, never multiplied, so
-- the result is exact. NULL for everything else: signs, other text, fractions of one, more than BIGINT holds.
CREATE OR REPLACE TEMPORARY FUNCTION parse_count(text STRING) RETURNS BIGINT
  RETURN TRY_CAST(
    _count_shifted(
      _count_part(trim_text(text), 1),
      _count_part(trim_text(text), 2),
      CASE lower(_count_part(trim_text(text), 3)) WHEN 'k' THEN 3 WHEN 'm' THEN 6 WHEN 'b' THEN 9 ELSE 0 END)
    AS BIGINT);

-- Internal: one part of a timestamp (1 day, 2 hour, 3 minutes and seconds, 4 fraction, 5 and 6 the offset).
CREATE OR REPLACE TEMPORARY FUNCTION _timestamp_part(text STRING, part INT) RETURNS STRING
  RETURN regexp_extract(
    text,
    r'\A([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})[ T]([01][0-9]|2[0-3])(:[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,9}))?'
      || r'(?:Z|([+-](?:0[0-9]|1[0-4])):?([0-5][0-9])?)?\z',
    part);

-- TIMESTAMP: 2020-08-28 03:52:47 or 2020-08-28T03:52:47, years 1000 to 9999 (as DATETIME of MySQL), with a fraction
-- (cut to microseconds) and Z, +05, +0530 or +05:30 if wanted; UTC when it names no offset. NULL for everything else, a
-- day that no calendar has included.
CREATE OR REPLACE TEMPORARY FUNCTION parse_timestamp(text STRING) RETURNS TIMESTAMP
  RETURN TRY_CAST(
    _timestamp_part(trim_text(text), 1) || ' ' || _timestamp_part(trim_text(text), 2)
      || _timestamp_part(trim_text(text), 3) || '.' || rpad(_timestamp_part(trim_text(text), 4), 6, '0')
      || CASE _timestamp_part(trim_text(text), 5)
           WHEN '' THEN '+00:00'
           ELSE _timestamp_part(trim_text(text), 5) || ':' || rpad(_timestamp_part(trim_text(text), 6), 2, '0')
         END
    AS TIMESTAMP);

-- ARRAY<DOUBLE>: latitude and longitude; NULL unless both are there.
CREATE OR REPLACE TEMPORARY FUNCTION coordinates(latitude DOUBLE, longitude DOUBLE) RETURNS ARRAY<DOUBLE>
  RETURN CASE WHEN latitude IS NOT NULL AND longitude IS NOT NULL THEN array(latitude, longitude) END;

-- The item at a place of an array, the first being 1; NULL where the array has none.
CREATE OR REPLACE TEMPORARY FUNCTION item_at(items ARRAY<DOUBLE>, place INT) RETURNS DOUBLE
  RETURN try_element_at(items, place);
