-- VOLATILE, so that it sees what was committed until the row was locked: a lock on the row does not keep the joined tables from changing, and a statement that
-- began earlier sees their former text. A change that is committed later is logged, and served after this store.
CREATE FUNCTION reembed.has_hash_{suffix}({key_parameters}, p_hash bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET row_security = off
BEGIN ATOMIC
  SELECT coalesce((SELECT reembed.text_hash(r.content) IS NOT DISTINCT FROM p_hash FROM {row} AS r WHERE {r_is_p}), false);
END;
COMMENT ON FUNCTION reembed.has_hash_{suffix} IS 'pg-reembed: whether the present text of a row, with what the joined tables hold now, has a hash.';
