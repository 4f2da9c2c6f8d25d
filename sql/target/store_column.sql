-- One statement, so that a worker never holds a lock while it waits for the network or is frozen. A vector is stored only if its row is still the version that
-- was read, or its text still has the hash of the embedded one, and only while this model's vectors are kept here. Rows that the application has locked are
-- skipped. A trigger or a policy of the table can suppress the update of a row without an error; IN is evaluated by hashing, however many rows there are.
CREATE FUNCTION reembed.store_{role}_{suffix}(p_model text, p_keys text[], p_versions text[], p_hashes bigint[], p_vectors {vector_type}[])
RETURNS TABLE (key text, is_written boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings}
BEGIN ATOMIC
  -- For this transaction, which is that of one store. A role that is no superuser may not set it for the function as a whole.
  SELECT set_config('reembed.stores', 'on', true);
  WITH input AS MATERIALIZED (
    SELECT i.key, i.version::xid AS version, i.hash, i.place, {keys_of_object}
      FROM (SELECT g.*, g.key::jsonb AS object FROM unnest(p_keys, p_versions, p_hashes) WITH ORDINALITY AS g(key, version, hash, place)) AS i
  ), locked AS MATERIALIZED (
    SELECT i.key, i.place, i.hash, {r_keys}, r.{role}_vector IS NULL AS lacks,
           ({same_version} OR i.hash = -nullif(r.source_bytes, 0) OR reembed.text_hash(r.content) IS NOT DISTINCT FROM i.hash) AS fits
      FROM input AS i JOIN {row} AS r ON {r_is_i}
       FOR NO KEY UPDATE OF r SKIP LOCKED
  ), fitting AS MATERIALIZED (
    SELECT * FROM locked AS f WHERE f.fits AND {still_fits} AND p_model = {model_name}
  ), written AS (
    UPDATE {row} AS u SET {role}_vector = {stored} {set_model}
      FROM fitting AS f JOIN unnest(p_vectors) WITH ORDINALITY AS v(vector, place) ON v.place = f.place
     WHERE {u_is_f} AND NOT (f.lacks AND v.vector IS NULL)
    RETURNING f.place, coalesce(u.{role}_vector OPERATOR({vector_schema}.=) ({stored})::{type}, u.{role}_vector IS NULL AND ({stored}) IS NULL) AS is_kept
  )
  SELECT f.key, f.place IN (SELECT w.place FROM written AS w WHERE w.is_kept) OR f.lacks AND f.place = ANY (array_positions(p_vectors, NULL))
    FROM fitting AS f;
END;
COMMENT ON FUNCTION reembed.store_{role}_{suffix} IS 'pg-reembed: stores vectors of rows whose text is unchanged, a null deletes one; returns the keys of these rows, and whether the table now has what was stored.';
