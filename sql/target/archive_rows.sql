CREATE FUNCTION reembed.archive_rows_{suffix}(p_leaf regclass, p_first tid, p_end tid, p_skip jsonb[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  INSERT INTO {archive} ({key_list}, vector, text_hash)
  SELECT {r_keys}, r.old_vector, reembed.text_hash(r.content)
    FROM {leaf_row} AS r
   WHERE r.place >= p_first AND r.place < p_end AND r.old_vector IS NOT NULL
     AND NOT EXISTS (SELECT FROM unnest(p_skip) AS s(key) WHERE s.key = {r_key_json})
  ON CONFLICT DO NOTHING;
END;
COMMENT ON FUNCTION reembed.archive_rows_{suffix} IS 'pg-reembed: copies old vectors to the archive, for rows between two positions of a leaf.';

-- Runs under the lock that also drops the column, so nothing can change after it. Reads by key only what changed: a scan of the table would block the
-- application for as long.
CREATE FUNCTION reembed.archive_late_{suffix}(p_skip jsonb[]) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
BEGIN ATOMIC
  DELETE FROM {archive} AS a USING (SELECT DISTINCT {c_keys} FROM {late} AS c) AS c WHERE {a_is_c};
  INSERT INTO {archive} ({key_list}, vector, text_hash)
  SELECT {r_keys}, r.old_vector, reembed.text_hash(r.content)
    FROM (SELECT DISTINCT {c_keys} FROM {late} AS c) AS c JOIN {row} AS r ON {r_is_c}
   WHERE r.old_vector IS NOT NULL AND NOT EXISTS (SELECT FROM unnest(p_skip) AS s(key) WHERE s.key = {r_key_json});
  -- Vectors of former texts: they were kept while the old model was read, and no worker has renewed them since.
  DELETE FROM {archive} AS a USING {change} AS c WHERE c.needs_old AND {a_is_c};
  SELECT count(*) FROM (SELECT DISTINCT {c_keys} FROM {late} AS c) AS changed;
END;
COMMENT ON FUNCTION reembed.archive_late_{suffix} IS 'pg-reembed: applies to the archive the rows that changed meanwhile, and deletes vectors of former texts from it; returns how many rows changed.';
