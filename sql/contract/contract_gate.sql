CREATE OR REPLACE FUNCTION reembed.contract_gate(p_name text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET intervalstyle = 'postgres'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_old_column name;
  s reembed.setting;
  v_outdated bigint;
  v_dependent record;
  v_index record;
  v_written record;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = m.target;
  IF t.part <> '' THEN
    RETURN QUERY SELECT * FROM reembed.part_gate(p_name);
  END IF;
  v_old_column := reembed.column_name(coalesce(m.from_relation, t.relation), m.from_attnum);
  IF s.read_model <> m.to_model THEN
    RETURN QUERY SELECT 'old_model_live', format('the live view reads %s again', s.read_model), format('select reembed.switch_to(%L, %L)', m.target, m.to_model);
  ELSIF m.switched_at + s.soak > now() THEN
    RETURN QUERY SELECT 'soak_time', format('the new model has been live for %s of the soak time of %s',
                               reembed.seconds_text(extract(epoch FROM now() - m.switched_at)::double precision), s.soak),
                        format('wait until %s, or npm run setting -- "soak=1 hour"', to_char(m.switched_at + s.soak, 'YYYY-MM-DD HH24:MI:SS TZ'));
  END IF;
  RETURN QUERY SELECT * FROM reembed.alert_gate(p_name, 'contract');
  IF s.shadow_percent > 0 THEN
    RETURN QUERY SELECT 'shadow_reads', format('shadow reads still query %s', m.from_model), 'npm run setting -- shadow_percent=0';
  END IF;
  v_outdated := reembed.late_rows(m.target);
  IF v_outdated > 0 THEN
    RETURN QUERY SELECT 'outdated_rows', format('%s for %s new vector', reembed.counted(v_outdated, 'row changed and waits', 'rows changed and wait'), CASE v_outdated WHEN 1 THEN 'its' ELSE 'their' END), 'npm run worker';
  END IF;
  FOR v_dependent IN SELECT d.description, d.is_view FROM reembed.dependents(p_name) AS d ORDER BY 1 LOOP
    RETURN QUERY SELECT 'dependent_object', format('%s uses the old %s', v_dependent.description, coalesce('table ' || m.from_relation, 'column ' || v_old_column)),
                        CASE WHEN v_dependent.is_view THEN format('create it again to read %I (DROP VIEW first: the type of its vectors changes), or drop it', t.live_view)
                             ELSE 'drop it; if it is still needed, create it again after contract' END;
  END LOOP;
  -- PostgreSQL skips a schema that does not exist: the role would read and write the table itself.
  RETURN QUERY
    SELECT 'schema_in_use', format('%s has a search_path with %I, whose view of %s contract drops', u.who, w.schema, t.relation),
           format('let that application embed with %s, and then: %s%I, …', m.to_model, u.statement, n.schema)
      FROM reembed.schema_view AS w
      JOIN reembed.schema_view AS n ON n.relation = w.relation AND n.model = m.to_model
     CROSS JOIN LATERAL reembed.path_users(w.schema) AS u
     WHERE w.relation = t.relation AND w.model = m.from_model
       AND NOT EXISTS (SELECT FROM reembed.vector_column AS v JOIN reembed.target AS o ON o.name = v.target WHERE o.relation = t.relation AND o.name <> t.name AND v.model = m.from_model);
  FOR v_index IN
    SELECT c.relname AS name FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid AND i.indisvalid
     -- Those of a part are chosen when contract begins: see part_indexes().
     WHERE t.part = '' AND c.oid IN (SELECT reembed.all_vector_indexes(coalesce(m.from_relation, t.relation), v_old_column))
       AND NOT EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.old_name = c.relname AND coalesce(p.leaf, m.from_relation, t.relation) = i.indrelid)
     ORDER BY 1
  LOOP
    RETURN QUERY SELECT 'index_without_successor', format('index %s of the old vectors is not part of the campaign, and would be dropped with them', v_index.name),
                        'create one like it on the new vectors if it is needed, then drop it; if it was renamed, rename it back';
  END LOOP;
  v_written := reembed.foreign_vectors(p_name);
  IF v_written.vectors > 0 THEN
    RETURN QUERY SELECT 'old_vectors_written', format('the application still writes vectors that are not of %s into %I: at least %s since the switch, the last at %s with key %s', m.to_model, v_old_column,
                                                      reembed.count_text(v_written.vectors), to_char(v_written.last_at, 'YYYY-MM-DD HH24:MI:SS'), left(v_written.last_key::text, 200)),
                        format('find the client that embeds with %s, let it embed with %s or write the text alone, and wait until the soak time is over', m.from_model, m.to_model);
  END IF;
  IF current_setting('transaction_read_only') = 'off' THEN
    PERFORM reembed.sample_index_scans(p_name);
    PERFORM reembed.sample_statements(p_name) WHERE m.switched_at IS NOT NULL;
  END IF;
  FOR v_index IN
    SELECT p.old_name AS name, p.was_reset, to_char(p.scanned_at, 'YYYY-MM-DD HH24:MI:SS') AS at
      FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.scanned_at > greatest(m.switched_at, now() - s.soak) ORDER BY p.position
  LOOP
    IF v_index.was_reset THEN
      RETURN QUERY SELECT 'old_index_scans_unknown', format('the scans of the old index %s are known only since %s, when its statistics were found to be reset', v_index.name, v_index.at),
                          'wait until the soak time is over since then';
    ELSE
      RETURN QUERY SELECT 'old_index_scanned', format('the old index %s was scanned at or shortly before %s', v_index.name, v_index.at),
                          format('find the client that still searches %s, change it to search %I, and wait until the soak time is over', coalesce(m.from_relation::text, v_old_column), t.live_view);
    END IF;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.contract_gate IS 'Conditions that prevent contract; none when the soak time is over and nothing uses the old vectors.';
