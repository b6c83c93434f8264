-- Functions that pipeline SQL may call and that the dialects spell differently. The same names, with the same meaning,
-- stand in spark.sql; whoever adds a function adds it to both files.

-- Without white space (Unicode White_Space, so U+00A0 too) at both ends. Line breaks inside stay, and so does a final
-- ellipsis (U+2026): it says that the text was cut. A no-break space after the ellipsis goes.
CREATE MACRO trim_text(text) AS
  regexp_replace(text, '\A[\s\x0b\x{85}\pZ]+|[\s\x0b\x{85}\pZ]+\z', '', 'g');

-- Internal: whole digits, fraction digits without final zeros, and suffix of a count; empty strings when it is none.
CREATE MACRO _count_parts(text) AS
  regexp_extract(
    text,
    '\A([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?:([0-9]*[1-9])0*|0+))?[ \x{a0}]?([kKmMbB]?)\z',
    ['whole', 'fraction', 'suffix']);

CREATE MACRO _count_shifted(whole, fraction, zeros) AS
  CASE WHEN length(fraction) <= zeros THEN replace(whole, ',', '') || rpad(fraction, zeros, '0') END;

CREATE MACRO _count_of(parts) AS
  TRY_CAST(
    _count_shifted(
      parts.whole,
      parts.fraction,
      CASE lower(parts.suffix) WHEN 'k' THEN 3 WHEN 'm' THEN 6 WHEN 'b' THEN 9 ELSE 0 END)
    AS BIGINT);

-- BIGINT: the count that people write as 759, 1,234, 134k, 1.5k, 2M or 1b. The digits are shifted, never multiplied, so
-- the result is exact. NULL for everything else: signs, other text, fractions of one, more than BIGINT holds.
CREATE MACRO parse_count(text) AS
  _count_of(_count_parts(trim_text(text)));

CREATE MACRO _timestamp_parts(text) AS
  regexp_extract(
    text,
    '\A([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})[ T]([01][0-9]|2[0-3])(:[0-5][0-9]:[0-5][0-9])(?:\.([0-9]{1,9}))?'
      || '(?:Z|([+-](?:0[0-9]|1[0-4])):?([0-5][0-9])?)?\z',
    ['day', 'hour', 'rest', 'fraction', 'offset_hours', 'offset_minutes']);

CREATE MACRO _timestamp_of(parts) AS
  TRY_CAST(
    parts.day || ' ' || parts.hour || parts.rest || '.' || rpad(parts.fraction, 6, '0')
      || CASE parts.offset_hours
           WHEN '' THEN '+00:00'
           ELSE parts.offset_hours || ':' || rpad(parts.offset_minutes, 2, '0')
         END
    AS TIMESTAMP WITH TIME ZONE);

-- TIMESTAMP WITH TIME ZONE: 2020-08-28 03:52:47 or 2020-08-28T03:52:47, years 1000 to 9999 (as DATETIME of MySQL), with
-- a fraction (cut to microseconds) and Z, +05, +0530 or +05:30 if wanted; UTC when it names no offset. NULL for
-- everything else, a day that no calendar has included.
CREATE MACRO parse_timestamp(text) AS
  _timestamp_of(_timestamp_parts(trim_text(text)));

-- DOUBLE[]: latitude and longitude; NULL unless both are there.
CREATE MACRO coordinates(latitude, longitude) AS
  CASE WHEN latitude IS NOT NULL AND longitude IS NOT NULL THEN [latitude, longitude]::DOUBLE[] END;

-- The item at a place of an array, the first being 1; NULL where the array has none.
CREATE MACRO item_at(items, place) AS
  list_extract(items, place);
