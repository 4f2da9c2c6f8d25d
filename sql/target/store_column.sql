-- One statement, so that a worker never holds a lock while it waits for the network or is frozen. A vector is stored only if its row is still the version that
-- was read, or its text still has the hash of the embedded one, and only while this model's vectors are kept here. Rows that the application has locked are
-- skipped.
CREATE FUNCTION reembed.store_{role}_{suffix}(p_model text, p_keys text[], p_versions text[], p_hashes bigint[], p_vectors {vector_type}[]) RETURNS SETOF text
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET reembed.stores = 'on'
BEGIN ATOMIC
  WITH input AS MATERIALIZED (
    SELECT i.key, i.version::xid AS version, i.hash, i.place, {keys_of_object}
      FROM (SELECT g.*, g.key::jsonb AS object FROM unnest(p_keys, p_versions, p_hashes) WITH ORDINALITY AS g(key, version, hash, place)) AS i
  ), locked AS MATERIALIZED (
    SELECT i.key, i.place, {r_keys}, ({same_version} OR i.hash = -nullif(r.source_bytes, 0) OR reembed.text_hash(r.content) IS NOT DISTINCT FROM i.hash) AS fits
      FROM input AS i JOIN {row} AS r ON {r_is_i}
       FOR NO KEY UPDATE OF r SKIP LOCKED
  )
  UPDATE {row} AS u SET {role}_vector = {stored} {set_model}
    FROM locked AS f JOIN unnest(p_vectors) WITH ORDINALITY AS v(vector, place) ON v.place = f.place
   WHERE f.fits AND p_model = {model_name} AND {u_is_f}
  RETURNING f.key;
END;
COMMENT ON FUNCTION reembed.store_{role}_{suffix} IS 'pg-reembed: stores vectors of rows whose text is unchanged, a null deletes one; returns the keys that were written.';
