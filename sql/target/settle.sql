-- By sequence number: a change that was added meanwhile has another number and stays.
CREATE FUNCTION reembed.settle_{suffix}(p_seqs bigint[], p_new boolean, p_old boolean) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
BEGIN ATOMIC
  UPDATE {change} AS c SET needs_new = c.needs_new AND NOT p_new, needs_old = c.needs_old AND NOT p_old
   WHERE NOT (p_new AND p_old) AND c.seq = ANY (p_seqs) AND (c.needs_new AND NOT p_new OR c.needs_old AND NOT p_old);
  DELETE FROM {change} AS c
   WHERE c.seq BETWEEN p_seqs[1] AND p_seqs[cardinality(p_seqs)] AND c.seq = ANY (p_seqs)
     AND NOT (c.needs_new AND NOT p_new OR c.needs_old AND NOT p_old);
END;
COMMENT ON FUNCTION reembed.settle_{suffix} IS 'pg-reembed: marks changes as served and deletes those that need no other vector. p_seqs must be sorted.';

CREATE FUNCTION reembed.empty_{suffix}() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
BEGIN ATOMIC
  DELETE FROM {change};
END;
COMMENT ON FUNCTION reembed.empty_{suffix} IS 'pg-reembed: empties the change log.';

-- A new campaign: the former new model becomes the old one.
CREATE FUNCTION reembed.shift_{suffix}(p_forward boolean) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
BEGIN ATOMIC
  UPDATE {change} SET needs_old = CASE WHEN p_forward THEN needs_new ELSE false END, needs_new = CASE WHEN p_forward THEN needs_new ELSE needs_old END;
END;
COMMENT ON FUNCTION reembed.shift_{suffix} IS 'pg-reembed: maps waiting changes to the present roles, at the start of a campaign or when one is forgotten.';

CREATE FUNCTION reembed.log_keys_{suffix}(p_keys jsonb[], p_new boolean, p_old boolean) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings}
BEGIN ATOMIC
  WITH logged AS (
    INSERT INTO {change} ({key_list}, needs_new, needs_old)
    SELECT {i_keys}, p_new, p_old FROM (SELECT {keys_of_object} FROM unnest(p_keys) AS i(object)) AS i RETURNING 1
  )
  SELECT count(*) FROM logged;
END;
COMMENT ON FUNCTION reembed.log_keys_{suffix} IS 'pg-reembed: logs rows by their keys.';
