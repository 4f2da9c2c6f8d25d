CREATE OR REPLACE FUNCTION reembed.text_may_change_sql(p_target text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
           -- Of a whole row, or of what is generated from columns not known here, every update may be a change.
           WHEN p.proargtypes[0] = c.reltype OR bool_or(a.attgenerated <> '') THEN 'true'
           WHEN count(a.attname) = 0 THEN 'false'
           ELSE format('ROW(%s)::record OPERATOR(pg_catalog.*<>) ROW(%s)::record', string_agg(format('OLD.%I', a.attname), ', ' ORDER BY a.attnum),
                       string_agg(format('NEW.%I', a.attname), ', ' ORDER BY a.attnum)) END
    FROM reembed.target AS t
    JOIN pg_class AS c ON c.oid = t.relation
    JOIN pg_proc AS p ON p.pronamespace = 'reembed'::regnamespace AND p.proname = 'text_' || reembed.capture_suffix(t.name)
    LEFT JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attname = ANY (p.proargnames)
   WHERE t.name = p_target
   GROUP BY p.oid, p.proargtypes, c.reltype
$$;
COMMENT ON FUNCTION reembed.text_may_change_sql IS 'SQL that says, in the WHEN clause of a trigger, whether an update touches what the text of a row is made of.';
