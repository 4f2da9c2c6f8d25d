-- Like store_column.sql. The row of the table is locked too, so that a change of its text comes before or after.
CREATE FUNCTION reembed.store_{role}_{suffix}(p_model text, p_keys text[], p_versions text[], p_hashes bigint[], p_vectors {vector_type}[])
RETURNS TABLE (key text, is_written boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings}
BEGIN ATOMIC
  WITH input AS MATERIALIZED (
    SELECT i.key, i.version::xid AS version, i.hash, i.place, {keys_of_object}
      FROM (SELECT g.*, g.key::jsonb AS object FROM unnest(p_keys, p_versions, p_hashes) WITH ORDINALITY AS g(key, version, hash, place)) AS i
  ), locked AS MATERIALIZED (
    SELECT i.key, i.place, i.hash, {r_keys}, ({same_version} OR i.hash = -nullif(r.source_bytes, 0) OR reembed.text_hash(r.content) IS NOT DISTINCT FROM i.hash) AS fits
      FROM input AS i JOIN {row} AS r ON {r_is_i}
       FOR NO KEY UPDATE OF r SKIP LOCKED
  ), fitting AS MATERIALIZED (
    SELECT * FROM locked AS f WHERE f.fits AND {still_fits} AND p_model = {model_name}
  ), stored AS (
    INSERT INTO {relation} AS s ({side_keys}, {column}, {version_column}, text_hash)
    SELECT {f_keys}, v.vector, p_model, f.hash FROM unnest(p_vectors) WITH ORDINALITY AS v(vector, place) JOIN fitting AS f ON f.place = v.place
     WHERE v.vector IS NOT NULL
    ON CONFLICT ({side_keys}) DO UPDATE SET {column} = excluded.{column}, {version_column} = excluded.{version_column}, text_hash = excluded.text_hash
  ), removed AS (
    DELETE FROM {relation} AS s USING unnest(p_vectors) WITH ORDINALITY AS v(vector, place) JOIN fitting AS f ON f.place = v.place
     WHERE v.vector IS NULL AND {s_is_f}
  )
  SELECT f.key, true FROM fitting AS f;
END;
COMMENT ON FUNCTION reembed.store_{role}_{suffix} IS 'pg-reembed: stores vectors of rows whose text is unchanged, a null deletes one; returns the keys of these rows, and whether the table now has what was stored.';

CREATE FUNCTION reembed.forget_{role}_{suffix}(p_keys text[]) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings}
BEGIN ATOMIC
  WITH gone AS (
    DELETE FROM {relation} AS s
     USING (SELECT {keys_of_object} FROM (SELECT g.key::jsonb AS object FROM unnest(p_keys) AS g(key)) AS i) AS i
     WHERE {s_is_i} AND NOT EXISTS (SELECT FROM {row} AS r WHERE {r_is_i})
    RETURNING 1
  )
  SELECT count(*) FROM gone;
END;
COMMENT ON FUNCTION reembed.forget_{role}_{suffix} IS 'pg-reembed: deletes the vectors of deleted rows from the side table; returns how many.';

CREATE FUNCTION reembed.sweep_{role}_{suffix}(p_first tid, p_end tid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
BEGIN ATOMIC
  DELETE FROM {relation} WHERE ctid = ANY (ARRAY(
    SELECT s.ctid FROM {relation} AS s
     WHERE s.ctid >= p_first AND s.ctid < p_end
       AND s.text_hash IS DISTINCT FROM (SELECT reembed.text_hash(r.content) FROM {row} AS r WHERE {s_is_r})
       FOR UPDATE SKIP LOCKED));
END;
COMMENT ON FUNCTION reembed.sweep_{role}_{suffix} IS 'pg-reembed: deletes the vectors of former texts and of deleted rows between two positions of the side table.';
