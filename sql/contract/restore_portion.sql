-- A row that its table refuses must not hold up a rollback: the portion is halved until that row is alone, and the row is recorded as failed. Its vector is
-- lost, so many such rows stop the rollback while the archive still has them.
CREATE OR REPLACE FUNCTION reembed.restore_portion(p_name text, p_rows integer, OUT moved bigint, OUT is_over boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_rows integer := p_rows;
  v_skipped jsonb[];
  v_key jsonb;
  v_constraint text;
  v_detail text;
  v_allowed bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  SELECT greatest(20, sum(c.reltuples) / 100) - (SELECT count(*) FROM reembed.failed_row AS f WHERE f.target = t.name AND f.model = m.from_model AND f.class IN ('row_refused', 'write_skipped'))
    INTO STRICT v_allowed FROM reembed.leaves(t.relation) AS l JOIN pg_class AS c ON c.oid = l.leaf;
  WHILE moved IS NULL LOOP
    BEGIN
      -- Otherwise a deferred constraint would fail at the commit.
      SET CONSTRAINTS ALL IMMEDIATE;
      EXECUTE reembed.render('SELECT * FROM reembed.restore_{suffix}($1)', to_jsonb(t)) INTO moved, v_skipped USING v_rows;
      IF cardinality(v_skipped) > v_allowed THEN
        RAISE EXCEPTION 'a trigger or a policy of % suppresses the updates of too many rows', t.relation
          USING ERRCODE = 'RE001', HINT = 'Change the trigger or policy, then npm run migrate down; the archive keeps the vectors that are not restored.';
      ELSIF cardinality(v_skipped) > 0 THEN
        PERFORM reembed.record_failed(t.name, m.from_model, reembed.with_skipped('[]', v_skipped::text[]), '{}');
      END IF;
    EXCEPTION WHEN OTHERS OR assert_failure THEN
      moved := NULL;
      IF NOT reembed.refuses_row(SQLSTATE) THEN
        RAISE;
      ELSIF v_rows > 1 THEN
        v_rows := v_rows / 2;
      ELSIF v_allowed < 1 THEN
        RAISE;
      ELSE
        GET STACKED DIAGNOSTICS v_constraint = CONSTRAINT_NAME, v_detail = PG_EXCEPTION_DETAIL;
        EXECUTE reembed.render('SELECT reembed.leave_out_{suffix}()', to_jsonb(t)) INTO v_key;
        PERFORM reembed.record_failed(t.name, m.from_model, jsonb_build_array(jsonb_build_object('key', v_key::text, 'class', 'row_refused',
          'message', format('PostgreSQL refuses the row (SQLSTATE %s, table %s%s)', SQLSTATE, t.relation, ', constraint ' || nullif(v_constraint, '')),
          'words', concat_ws('; ', SQLERRM, nullif(v_detail, '')))), '{}');
        moved := 1;
      END IF;
    END;
  END LOOP;
  EXECUTE reembed.render('SELECT reembed.archive_is_empty_{suffix}()', to_jsonb(t)) INTO is_over;
END;
$$;
COMMENT ON FUNCTION reembed.restore_portion IS 'Restores about p_rows archived vectors; returns how many left the archive and whether all are restored. Rows that the table refuses are recorded as failed, without their vector, up to 20 or one percent of them.';
