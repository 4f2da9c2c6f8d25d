CREATE OR REPLACE FUNCTION reembed.compare_old_checksum(p_name text, OUT checksum_at timestamptz, OUT unchanged_rows bigint, OUT set_aside_rows bigint, OUT changed_rows bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_groups bigint;
BEGIN
  SELECT c.taken_at, c.groups INTO checksum_at, v_groups FROM reembed.old_vector_checksum AS c WHERE c.campaign = p_name;
  IF FOUND THEN
    -- A group that gained vectors, or whose texts differ, was changed by live writes and proves nothing.
    SELECT coalesce(sum(n.rows) FILTER (WHERE g.texts = n.texts AND g.rows = n.rows AND g.vectors = n.vectors), 0),
           coalesce(sum(n.rows) FILTER (WHERE (g.texts = n.texts AND g.rows = n.rows AND (g.vectors = n.vectors OR n.lacking_rows >= g.lacking_rows)) IS NOT TRUE), 0),
           coalesce(sum(n.rows) FILTER (WHERE g.texts = n.texts AND g.rows = n.rows AND g.vectors <> n.vectors AND n.lacking_rows >= g.lacking_rows), 0)
      INTO unchanged_rows, set_aside_rows, changed_rows
      FROM reembed.old_vector_groups(p_name, v_groups) AS n
      LEFT JOIN reembed.old_vector_group AS g ON g.campaign = p_name AND g.number = n.number;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.compare_old_checksum IS 'Compares the old vectors of a campaign with their checksums. Counts rows in unchanged groups, in groups that prove nothing because rows were added, deleted or got another text, and in groups whose vectors changed under the same texts. Nulls without checksums.';
