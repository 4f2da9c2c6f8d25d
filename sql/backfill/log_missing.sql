-- At most a thousand rows a call, so that the log does not become a second backfill. The next call continues.
CREATE OR REPLACE FUNCTION reembed.log_missing(p_name text, p_role text, p_leaf regclass, p_first_block bigint, p_end_block bigint, p_limit integer DEFAULT 1000, OUT missing bigint, OUT logged bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  IF p_role = 'old' AND NOT EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = m.target AND v.role = 'old' AND v.is_maintained) THEN
    missing := 0;
    logged := 0;
    RETURN;
  END IF;
  EXECUTE reembed.render('SELECT * FROM reembed.log_missing_{suffix}($1, $2, $3, $4, $5, $6)', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = m.target))
    INTO missing, logged
    USING p_role = 'new', p_leaf, reembed.place(p_first_block), reembed.place(p_end_block), reembed.failed_keys(m.target, CASE p_role WHEN 'new' THEN m.to_model ELSE m.from_model END), p_limit;
END;
$$;
COMMENT ON FUNCTION reembed.log_missing IS 'Scans a range of blocks of a leaf for rows without a vector of one role that have no change on record; for the old role only where it is maintained. Logs up to p_limit of them. Returns how many there are and how many it logged.';
