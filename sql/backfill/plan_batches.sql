-- Block ranges, not key ranges: any key type works, planning reads the table once without sorting, and workers go through
-- the heap in its own order. A row that an update moves across ranges is found by reembed.sweep().
CREATE OR REPLACE FUNCTION reembed.plan_batches(p_name text, p_batch_rows integer DEFAULT 500) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.migration;
  t reembed.target;
  v_rows bigint;
  v_blocks bigint;
  v_batches bigint;
  v_batch_blocks bigint;
  v_repeated bigint[];
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  v_blocks := pg_relation_size(t.relation) / current_setting('block_size')::bigint;
  EXECUTE format('SELECT count(*) FROM %s AS t', t.relation) INTO v_rows;
  v_batch_blocks := greatest(1, v_blocks * p_batch_rows / greatest(v_rows, 1));

  EXECUTE format($q$
    INSERT INTO reembed.batch (migration, id, first_block, last_block, rows)
    SELECT $1, row_number() OVER (ORDER BY b.range), b.range * $2, (b.range + 1) * $2 - 1, b.rows
      FROM (SELECT ((t.ctid::text::point)[0]::bigint) / $2 AS range, count(*) AS rows
              FROM %s AS t
             WHERE %s IS NULL AND reembed.has_text((%s)::text)
             GROUP BY 1) AS b
  $q$, t.relation, reembed.vector_sql(t.name, 'new'), reembed.row_text_sql(t.name))
    USING p_name, v_batch_blocks;
  GET DIAGNOSTICS v_batches = ROW_COUNT;

  -- The hash is quickly had of every text; the digest, which is dear, only of those that seem to be repeated.
  EXECUTE format($q$
    SELECT array_agg(r.text_hash)
      FROM (SELECT h.text_hash
              FROM (SELECT reembed.text_hash((%2$s)::text) AS text_hash, (t.ctid::text::point)[0]::bigint / $1 AS range
                      FROM %1$s AS t WHERE %3$s IS NULL AND reembed.has_text((%2$s)::text)) AS h
             GROUP BY h.text_hash HAVING min(h.range) < max(h.range)) AS r
  $q$, t.relation, reembed.row_text_sql(t.name), reembed.vector_sql(t.name, 'new')) INTO v_repeated USING v_batch_blocks;
  IF v_repeated IS NOT NULL THEN
    EXECUTE format($q$
      INSERT INTO reembed.repeated_text (migration, text_digest, text_hash, batch)
      SELECT $1, r.text_digest, r.text_hash, min(b.id)
        FROM (SELECT reembed.text_digest((%2$s)::text) AS text_digest, reembed.text_hash((%2$s)::text) AS text_hash, (t.ctid::text::point)[0]::bigint AS block
                FROM %1$s AS t WHERE %3$s IS NULL AND reembed.has_text((%2$s)::text) AND reembed.text_hash((%2$s)::text) = ANY ($3)) AS r
        JOIN reembed.batch AS b ON b.migration = $1 AND b.first_block = r.block / $2 * $2
       GROUP BY r.text_digest, r.text_hash HAVING min(b.id) < max(b.id)
    $q$, t.relation, reembed.row_text_sql(t.name), reembed.vector_sql(t.name, 'new')) USING p_name, v_batch_blocks, v_repeated;
  END IF;
  DELETE FROM reembed.read_probe WHERE target = t.name;
  UPDATE reembed.migration SET planned_at = now(), swept_at = NULL WHERE name = p_name;
  RETURN v_batches;
END;
$$;
COMMENT ON FUNCTION reembed.plan_batches IS 'Divides the rows without a new vector into batches of about p_batch_rows and finds the texts that rows of several batches have; returns how many batches.';
