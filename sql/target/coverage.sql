-- One scan for all figures, so that they are of one moment. Rows that changed moments ago are counted separately: under steady writes there is always one, and
-- it is no gap.
CREATE FUNCTION reembed.coverage_{suffix}(p_failed_old jsonb[])
RETURNS TABLE (total bigint, missing_new bigint, just_changed_new bigint, missing_old bigint, just_changed_old bigint, not_found_by_old bigint)
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT count(*),
         count(*) FILTER (WHERE h.lacks_new),
         count(*) FILTER (WHERE h.lacks_new AND c.new_is_recent),
         count(*) FILTER (WHERE h.lacks_old),
         count(*) FILTER (WHERE h.lacks_old AND c.old_is_recent),
         count(*) FILTER (WHERE h.lacks_old OR c.old_is_late OR h.old_has_failed)
    FROM (SELECT {r_keys}, r.new_vector IS NULL AS lacks_new, r.old_vector IS NULL AS lacks_old,
                 EXISTS (SELECT FROM unnest(p_failed_old) AS f(key) WHERE f.key = {r_key_json}) AS old_has_failed
            FROM {row} AS r WHERE reembed.has_text(r.content)) AS h
    LEFT JOIN (SELECT {c_keys}, bool_or(c.needs_new AND c.changed_at > clock_timestamp() - interval '30 seconds') AS new_is_recent,
                      bool_or(c.needs_old AND c.changed_at > clock_timestamp() - interval '30 seconds') AS old_is_recent,
                      bool_or(c.needs_old AND c.changed_at <= clock_timestamp() - interval '30 seconds') AS old_is_late
                 FROM {change} AS c GROUP BY {c_keys}) AS c ON {h_is_c};
END;
COMMENT ON FUNCTION reembed.coverage_{suffix} IS 'pg-reembed: rows with a text, how many of them lack a vector of each model, how many of those changed in the last 30 seconds, and how many the old model would not find. Reads the whole table.';

-- A row whose text was removed moments ago keeps its vector until a worker deletes it.
CREATE FUNCTION reembed.textless_{suffix}() RETURNS TABLE (total bigint, with_text bigint, old_vectors bigint)
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT count(*), count(*) FILTER (WHERE h.has_text), count(*) FILTER (WHERE h.keeps_old)
    FROM (SELECT reembed.has_text(r.content) AS has_text,
                 NOT reembed.has_text(r.content) AND r.old_vector IS NOT NULL AND NOT EXISTS (SELECT FROM {change} AS c WHERE {r_is_c}) AS keeps_old
            FROM {row} AS r) AS h;
END;
COMMENT ON FUNCTION reembed.textless_{suffix} IS 'pg-reembed: rows, how many of them have a text, and how many have none and an old vector all the same. Reads the whole table.';

-- Locks no row and waits for no lock.
CREATE FUNCTION reembed.log_missing_{suffix}(p_new boolean, p_leaf regclass, p_first tid, p_end tid, p_skip jsonb[], p_limit integer, OUT missing bigint, OUT logged bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  WITH missing AS MATERIALIZED (
    SELECT {r_keys}
      FROM {leaf_row} AS r
     WHERE r.place >= p_first AND r.place < p_end
       AND CASE WHEN p_new THEN r.new_vector IS NULL ELSE r.old_vector IS NULL END
       AND reembed.has_text(r.content)
       AND NOT EXISTS (SELECT FROM {change} AS c WHERE {r_is_c} AND CASE WHEN p_new THEN c.needs_new ELSE c.needs_old END)
       AND NOT EXISTS (SELECT FROM unnest(p_skip) AS s(key) WHERE s.key = {r_key_json})
  ), logged AS (
    INSERT INTO {change} ({key_list}, needs_new, needs_old, changed_at)
    -- The time of the change is unknown. It must not look recent, because a gate ignores recent changes.
    SELECT {r_keys}, p_new, NOT p_new, now() - interval '1 minute' FROM missing AS r LIMIT p_limit
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM missing), (SELECT count(*) FROM logged);
END;
COMMENT ON FUNCTION reembed.log_missing_{suffix} IS 'pg-reembed: searches for rows between two positions of a leaf that lack a vector and have no change on record; logs up to p_limit of them. Returns how many there are and how many it logged.';
