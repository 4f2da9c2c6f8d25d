-- A constraint may call code of the table's owner, which may fail: the evidence is then the SQLSTATE.
CREATE OR REPLACE FUNCTION reembed.harms(p_campaign text, p_phase text) RETURNS TABLE (code text, condition text, evidence jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_query text;
  v_found record;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_campaign;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  IF p_phase = 'backfill' AND m.to_relation IS NULL THEN
    RETURN QUERY
      SELECT 'triggers-fire', format('the backfill fires %s of %s', string_agg(u.trigger, ', '), t.relation), jsonb_build_object('triggers', jsonb_agg(u.trigger || ' ' || u.calls))
        FROM reembed.update_triggers(t.relation) AS u HAVING count(*) > 0;
    v_query := reembed.violation_query(t.relation);
    IF v_query IS NOT NULL THEN
      BEGIN
        EXECUTE reembed.render('SELECT sum((a ->> ''rows'')::bigint) AS rows, jsonb_agg(a ->> ''name'' ORDER BY a ->> ''name'') AS names FROM reembed.ask_{suffix}($1, NULL) AS a', to_jsonb(t))
          INTO v_found USING v_query;
      EXCEPTION WHEN OTHERS THEN
        RETURN QUERY SELECT 'violated-constraints', format('the constraints of %s cannot be evaluated (SQLSTATE %s)', t.relation, SQLSTATE), jsonb_build_object('constraints', jsonb_build_array(SQLSTATE));
        RETURN;
      END;
      IF v_found.rows > 0 THEN
        RETURN QUERY SELECT 'violated-constraints', format('%s %s, so that no vector can be stored there',
                                                           reembed.counted(v_found.rows, 'row violates', 'rows violate'), (SELECT string_agg(c.name, ', ') FROM jsonb_array_elements_text(v_found.names) AS c(name))),
                            jsonb_build_object('constraints', v_found.names, 'rows', v_found.rows);
      END IF;
    END IF;
  ELSIF p_phase = 'contract' THEN
    IF t.part <> '' THEN
      RETURN QUERY
        SELECT 'triggers-fire', format('contract writes the new vectors into the table, which fires %s of %s for each row of part %s', string_agg(u.trigger, ', '), t.relation, t.part),
               jsonb_build_object('triggers', jsonb_agg(u.trigger || ' ' || u.calls))
          FROM reembed.update_triggers(t.relation) AS u HAVING count(*) > 0;
      RETURN QUERY
        SELECT 'clause-may-fail', format('contract builds an index with the clause of part %s, which calls %s: a write of a row on which that fails would fail', t.part, array_to_string(t.part_may_fail, ', ')),
               jsonb_build_object('functions', t.part_may_fail)
         WHERE t.part_may_fail <> '{}';
    END IF;
    EXECUTE reembed.render('SELECT * FROM reembed.textless_{suffix}()', to_jsonb(t)) INTO v_found;
    IF v_found.old_vectors > 0 THEN
      RETURN QUERY SELECT 'rows-without-text', format('%s of %s rows have a text; %s an old vector, which contract moves to the archive, and no new one',
                                                      reembed.count_text(v_found.with_text), reembed.count_text(v_found.total),
                                                      reembed.counted(v_found.old_vectors, 'row without a text has', 'rows without a text have')),
                          jsonb_build_object('rows', v_found.old_vectors);
    END IF;
    RETURN QUERY SELECT * FROM reembed.unknown_readers(p_campaign);
    IF m.to_relation IS NULL THEN
      RETURN QUERY
        SELECT 'subscribers-keep-columns', format('contract drops and renames columns that %s sends to %s: a subscriber stops until its columns are changed in the same way, and then goes on',
                                                  s.evidence ->> 'publications', s.evidence ->> 'subscribers'), s.evidence
          FROM reembed.subscriber_harms(t.relation) AS s WHERE s.code = 'subscribers-lack-columns' AND s.storage = 'column';
    END IF;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.harms IS 'Harms of a phase that a person has to accept by name, with their evidence, whether or not they are accepted already.';
