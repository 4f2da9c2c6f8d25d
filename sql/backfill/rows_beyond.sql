CREATE OR REPLACE FUNCTION reembed.rows_beyond(p_target text, p_model text, p_refused jsonb) RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(array_agg(n.key ORDER BY n.position), '{}')
    FROM (SELECT r.refused ->> 'key' AS key, r.position, row_number() OVER (ORDER BY r.position) AS nth
            FROM jsonb_array_elements(p_refused) WITH ORDINALITY AS r(refused, position)
           WHERE r.refused ->> 'class' <> ALL (reembed.definite_failures())
             AND NOT EXISTS (SELECT FROM reembed.failed_row AS f
                              WHERE f.target = p_target AND f.model = p_model AND f.key_digest = md5(((r.refused ->> 'key')::jsonb)::text)::uuid)) AS n
   WHERE n.nth > reembed.parking_room(p_target)
$$;
COMMENT ON FUNCTION reembed.rows_beyond IS 'Keys of those failed rows that are not recorded, because too many failed in a short time.';
