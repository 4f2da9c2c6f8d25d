-- Every level of partitions gets an index of its own, so an index with more than one level is left to its leaves.
CREATE OR REPLACE FUNCTION reembed.attach_indexes(p_relation regclass, p_name name, p_definition text, p_indexes regclass[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_parent text := (SELECT format('%I.%I', n.nspname, p_name) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = p_relation);
  v_index regclass;
BEGIN
  IF EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = p_relation AND c.relkind = 'p') THEN
    RETURN;
  END IF;
  EXECUTE replace(replace(replace(p_definition, ' CONCURRENTLY ', ' '), '{name}', quote_ident(p_name)), '{leaf}', 'ONLY ' || p_relation);
  FOREACH v_index IN ARRAY p_indexes LOOP
    EXECUTE reembed.render('ALTER INDEX {parent} ATTACH PARTITION {index}', jsonb_build_object('parent', v_parent, 'index', v_index::text));
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.attach_indexes IS 'Makes an index of a partitioned table out of the indexes of its partitions.';
