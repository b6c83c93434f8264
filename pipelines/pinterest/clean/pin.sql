-- reads: source
-- writes: pin
-- grain: one row per post, as posted; duplicates of a key are the caller's to drop
--
-- The scraper wrote a sentence where it found nothing: those, and blank text, are NULL. A count is never 0 for want of one.
-- A count that is there and cannot be read is -1, which fails a check: the post is quarantined rather than stored without.
-- Text keeps its inner line breaks and the ellipsis of a cut description.
WITH post AS (
  SELECT
    _position,
    index,
    trim_text(unique_id) AS unique_id,
    trim_text(title) AS title,
    trim_text(description) AS description,
    trim_text(poster_name) AS poster_name,
    trim_text(follower_count) AS follower_count,
    trim_text(tag_list) AS tag_list,
    trim_text(is_image_or_video) AS is_image_or_video,
    trim_text(image_src) AS image_src,
    trim_text(save_location) AS save_location,
    trim_text(category) AS category
  FROM source
),
present AS (
  SELECT
    _position,
    index,
    NULLIF(unique_id, '') AS unique_id,
    NULLIF(NULLIF(title, ''), 'No Title Data Available') AS title,
    NULLIF(NULLIF(NULLIF(description, ''), 'No description available'), 'No description available Story format') AS description,
    NULLIF(NULLIF(poster_name, ''), 'User Info Error') AS poster_name,
    NULLIF(NULLIF(follower_count, ''), 'User Info Error') AS follower_count,
    NULLIF(NULLIF(tag_list, ''), 'N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e') AS tag_list,
    NULLIF(is_image_or_video, '') AS is_image_or_video,
    NULLIF(NULLIF(image_src, ''), 'Image src error.') AS image_src,
    regexp_replace(save_location, '^Local save in ', '') AS save_location,
    NULLIF(category, '') AS category
  FROM post
),
cleaned AS (
  SELECT
    _position,
    TRY_CAST(index AS INTEGER) AS ind,
    unique_id,
    title,
    description,
    CASE
      WHEN follower_count IS NOT NULL THEN COALESCE(TRY_CAST(parse_count(follower_count) AS INTEGER), -1)
    END AS follower_count,
    poster_name,
    tag_list,
    is_image_or_video,
    image_src,
    NULLIF(save_location, '') AS save_location,
    category
  FROM present
)
SELECT
  ind, unique_id, title, description, follower_count, poster_name, tag_list, is_image_or_video, image_src, save_location,
  category, _position
FROM cleaned
