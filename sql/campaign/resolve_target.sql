-- Accepts documents, public.documents or public.documents.embedding; without a name, the only target.
CREATE OR REPLACE FUNCTION reembed.resolve_target(p_target text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_names text[];
BEGIN
  SELECT array_agg(t.name ORDER BY t.name)
    INTO v_names
    FROM reembed.target AS t CROSS JOIN LATERAL (SELECT reembed.target_spellings(t.name) AS spellings) AS s
   WHERE coalesce(p_target, t.name) = ANY (s.spellings);

  IF cardinality(v_names) = 1 THEN
    RETURN v_names[1];
  END IF;
  RAISE EXCEPTION '%', CASE
      WHEN v_names IS NULL AND p_target IS NULL THEN 'nothing is registered with pg-reembed'
      WHEN v_names IS NULL THEN format('%L is not registered with pg-reembed', p_target)
      ELSE format('%s targets match: %s', cardinality(v_names), array_to_string(v_names, ', ')) END
    USING ERRCODE = 'RE003',
          HINT = CASE
            WHEN v_names IS NOT NULL THEN 'Name one of them; on the command line: --target ' || v_names[1]
            ELSE coalesce((SELECT 'Known targets: ' || string_agg(name, ', ' ORDER BY name) FROM reembed.target),
                          'Start with: npm run migrate create, then npm run migrate up') END;
END;
$$;
COMMENT ON FUNCTION reembed.resolve_target IS 'Full name of a target from a short one; raises RE003 when none or several match.';
