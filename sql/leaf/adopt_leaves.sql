-- What PostgreSQL does not give a partition that is created or attached in mid-campaign: the TRUNCATE trigger, the search for rows without vectors, and the
-- indexes. Writes to a partition wait until the transaction ends, so a call changes at most one, and builds an index only on one that is nearly empty;
-- `migrate up` builds the others.
CREATE OR REPLACE FUNCTION reembed.adopt_leaves(p_target text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  v record;
  v_is_gone boolean;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  IF NOT reembed.is_partitioned(t.relation) OR t.unhooked IS NOT NULL THEN
    RETURN false;
  END IF;
  FOR v IN
    SELECT w.relation FROM reembed.capture_triggers(t.name) AS w
     WHERE w.relation <> t.relation AND NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = w.relation AND g.tgname = w.name) LIMIT 1
  LOOP
    EXECUTE reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'triggers_truncate'), jsonb_build_object('suffix', t.suffix, 'leaf', v.relation::text));
    RETURN true;
  END LOOP;
  PERFORM reembed.plan_leaf_indexes(m.name) FROM reembed.vector_column AS c JOIN reembed.campaign AS m ON m.name = c.campaign WHERE c.target = t.name AND c.role = 'new';
  FOR v IN
    SELECT b.leaf, b.present_name, b.statement FROM reembed.vector_column AS c JOIN reembed.campaign AS m ON m.name = c.campaign AND m.phase IN ('index', 'switch', 'contract')
     CROSS JOIN LATERAL reembed.leaf_indexes(m.name) AS b
     WHERE c.target = t.name AND c.role = 'new' AND b.name IS NOT NULL AND NOT b.is_valid AND NOT reembed.is_large(b.leaf) LIMIT 1
  LOOP
    EXECUTE replace(v.statement, ' CONCURRENTLY ', ' ');
    RETURN reembed.valid_index(v.leaf, v.present_name) IS NOT NULL;
  END LOOP;
  DELETE FROM reembed.leaf AS k WHERE k.target = t.name AND k.relation NOT IN (SELECT l.leaf FROM reembed.leaves(t.relation) AS l);
  v_is_gone := FOUND;
  -- Detaching or dropping a partition fires no trigger. Without a key, the change means that the side table is searched for rows that are gone.
  IF v_is_gone AND EXISTS (SELECT FROM reembed.vector_column AS c WHERE c.target = t.name AND c.storage = 'side_table') THEN
    EXECUTE reembed.render('INSERT INTO reembed.change_{suffix} (needs_new, needs_old) VALUES (false, false)', to_jsonb(t));
  END IF;
  INSERT INTO reembed.leaf (target, relation) SELECT t.name, l.leaf FROM reembed.leaves(t.relation) AS l ON CONFLICT DO NOTHING;
  -- A function that searches all partitions shares the candidates among them.
  IF FOUND OR v_is_gone THEN
    PERFORM reembed.replace_nearest(t.name, w.view, c.model)
       FROM reembed.vector_column AS c CROSS JOIN LATERAL (VALUES (reembed.model_view_name(t.name, c.model)), (CASE WHEN c.is_read THEN t.live_view END)) AS w(view)
      WHERE c.target = t.name AND w.view IS NOT NULL;
  END IF;
  RETURN false;
END;
$$;
COMMENT ON FUNCTION reembed.adopt_leaves IS 'Gives partitions that were created or attached in mid-campaign what the others have, and forgets those that were detached or dropped; returns whether it has to be called again.';
