-- Reads only the catalog, so no worker is needed to detect damage.
CREATE OR REPLACE VIEW reembed.damage AS
WITH target AS (
  SELECT t.*, c.oid AS present, quote_literal(t.name) AS literal FROM reembed.target AS t LEFT JOIN pg_class AS c ON c.oid = t.relation
), needed AS (
  SELECT t.name AS target, t.literal, t.relation, unnest(t.key_attnums || t.text_attnums || t.part_attnums) AS attnum FROM target AS t WHERE t.present IS NOT NULL
  UNION
  SELECT v.target, quote_literal(v.target), v.relation, v.attnum FROM reembed.vector_column AS v
  UNION
  SELECT t.name, t.literal, j.relation, unnest(j.attnums) FROM target AS t CROSS JOIN LATERAL unnest(t.joined_tables) AS j
)
SELECT d.*, d.code IN ('dropped_table', 'dropped_column', 'dropped_side_table', 'dropped_joined_table') AS is_final FROM (
  SELECT t.name AS target, 'dropped_table' AS code, 'its table was dropped, or dropped and created again under the same name' AS damage, format('SELECT reembed.forget(%s)', t.literal) AS remedy
    FROM target AS t WHERE t.present IS NULL
  UNION ALL
  -- A view of that name does not count: it may refer to the renamed table.
  SELECT t.name, 'replaced_table', format('its table was renamed to %s, and another table has its former name: rename both back, or give up the target', t.relation), format('SELECT reembed.forget(%s)', t.literal)
    FROM target AS t
   WHERE t.present IS NOT NULL
     AND EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                  WHERE c.oid <> t.relation AND c.relkind IN ('r', 'p', 'f') AND t.name = concat_ws('.', n.nspname, c.relname, t.column_name, nullif(t.part, '')))
  UNION ALL
  SELECT t.name, 'unhooked', 'it is unhooked from its table: changes of rows are not captured', format('SELECT reembed.rehook(%s)', t.literal)
    FROM target AS t WHERE t.present IS NOT NULL AND t.unhooked IS NOT NULL
  UNION ALL
  SELECT n.target, 'dropped_column', format('column number %s of %s was dropped', n.attnum, n.relation), format('SELECT reembed.forget(%s)', n.literal)
    FROM needed AS n
   WHERE EXISTS (SELECT FROM pg_class AS c WHERE c.oid = n.relation)
     AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = n.relation AND a.attnum = n.attnum AND NOT a.attisdropped)
  UNION ALL
  SELECT v.target, 'dropped_side_table', format('the table with the vectors of %s was dropped', v.model), format('SELECT reembed.forget(%L)', v.target)
    FROM reembed.vector_column AS v WHERE v.storage = 'side_table' AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = v.relation)
  UNION ALL
  SELECT t.name, 'other_owner', format('its table belongs to %s, but what pg-reembed made for it to %s: workers can neither read nor write its rows', pg_get_userbyid(c.relowner), pg_get_userbyid(r.relowner)),
         format('SELECT reembed.rehook(%s)', t.literal)
    FROM target AS t JOIN pg_class AS c ON c.oid = t.relation JOIN pg_class AS r ON r.relname = 'row_' || t.suffix AND r.relnamespace = 'reembed'::regnamespace AND r.relowner <> c.relowner
  UNION ALL
  SELECT t.name, 'heir', format('%s inherits from its table: rows of it are not captured, and their keys may be those of other rows', i.inhrelid::regclass), format('ALTER TABLE %s NO INHERIT %s', i.inhrelid::regclass, t.relation)
    FROM target AS t JOIN pg_class AS c ON c.oid = t.relation AND c.relkind = 'r' JOIN pg_inherits AS i ON i.inhparent = c.oid
  UNION ALL
  SELECT t.name, 'update_rule', format('its table has the rule %s ON UPDATE, which applies to every vector that is stored', w.rulename), format('DROP RULE %I ON %s', w.rulename, t.relation)
    FROM target AS t JOIN pg_rewrite AS w ON w.ev_class = t.relation AND w.ev_type = '2'
   WHERE EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = t.name AND v.relation = t.relation AND v.storage = 'column' AND v.is_maintained)
  UNION ALL
  SELECT t.name, 'no_primary_key', 'its table has no primary key: workers find rows slowly or not at all', format('ALTER TABLE %s ADD PRIMARY KEY (…)', t.relation)
    FROM target AS t WHERE t.present IS NOT NULL AND NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = t.relation AND i.indisprimary)
  UNION ALL
  SELECT t.name, 'no_trigger', format('trigger %s%s is missing, disabled or not ALWAYS: changes of rows are not captured', w.name, ' of ' || nullif(w.relation, t.relation)::text), format('SELECT reembed.rehook(%s)', t.literal)
    FROM target AS t CROSS JOIN LATERAL reembed.capture_triggers(t.name) AS w
   WHERE t.present IS NOT NULL AND NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = w.relation AND g.tgname = w.name AND g.tgenabled = 'A')
  UNION ALL
  -- A partition has the row triggers of its parent, which cannot be dropped there, but disabled.
  SELECT t.name, 'no_trigger', format('trigger %s of %s is disabled or not ALWAYS: changes of rows are not captured', g.tgname, g.tgrelid::regclass), format('SELECT reembed.rehook(%s)', t.literal)
    FROM target AS t CROSS JOIN LATERAL reembed.capture_triggers(t.name) AS w
    JOIN pg_trigger AS g ON g.tgname = w.name AND g.tgparentid <> 0 AND g.tgenabled <> 'A'
    JOIN pg_class AS c ON c.oid = g.tgrelid AND c.relkind = 'r'
   WHERE t.present IS NOT NULL AND w.relation = t.relation
  UNION ALL
  SELECT t.name, 'no_view', format('view %s is missing', w.name), format('SELECT reembed.rehook(%s)', t.literal)
    FROM target AS t
   CROSS JOIN LATERAL (SELECT format('%I.%I', reembed.view_schema(t.name), t.live_view) AS name
                       UNION ALL SELECT format('%I.%I', reembed.view_schema(t.name), reembed.model_view_name(t.name, v.model)) FROM reembed.vector_column AS v WHERE v.target = t.name
                       UNION ALL SELECT 'reembed.row_' || t.suffix) AS w
   WHERE t.present IS NOT NULL AND t.unhooked IS NULL AND to_regclass(w.name) IS NULL
  UNION ALL
  SELECT t.name, 'no_view', format('the view of %s in schema %I is missing', t.relation, w.schema), format('SELECT reembed.replace_views(%s)', t.literal)
    FROM target AS t JOIN reembed.schema_view AS w ON w.relation = t.relation
   WHERE t.present IS NOT NULL AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = w.view)
  UNION ALL
  SELECT t.name, 'former_view', format('view %s differs from %s, whose name or columns were changed', w.view, t.relation), format('SELECT reembed.replace_views(%s)', t.literal)
    FROM target AS t JOIN reembed.schema_view AS w ON w.relation = t.relation JOIN pg_class AS c ON c.oid = t.relation JOIN pg_class AS x ON x.oid = w.view
   WHERE x.relname <> c.relname
      OR EXISTS (SELECT FROM pg_attribute AS a
                  WHERE a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped
                    AND NOT EXISTS (SELECT FROM pg_attribute AS b WHERE b.attrelid = w.view AND b.attname = a.attname)
                    AND NOT EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.relation = t.relation AND v.storage = 'column' AND a.attnum IN (v.attnum, v.version_attnum)))
  UNION ALL
  SELECT t.name, 'no_text', 'an object that the text expression uses was dropped: texts cannot be read until it is created again', format('SELECT reembed.rehook(%s)', t.literal)
    FROM target AS t WHERE t.present IS NOT NULL AND t.unhooked IS NULL AND t.is_expression AND to_regproc('reembed.raw_text_' || t.suffix) IS NULL
  UNION ALL
  SELECT t.name, j.code, j.damage, j.remedy FROM target AS t CROSS JOIN LATERAL reembed.join_damage(t.name) AS j WHERE t.present IS NOT NULL AND cardinality(t.joined_tables) > 0
  UNION ALL
  SELECT t.name, 'row_security', 'row level security was enabled on its table: the side table follows only when the watch runs', 'ALTER TABLE … DISABLE ROW LEVEL SECURITY, or take the campaign down and create it with --storage column'
    FROM target AS t JOIN pg_class AS c ON c.oid = t.relation
   WHERE c.relrowsecurity AND EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = t.name AND v.storage = 'side_table')) AS d;
COMMENT ON VIEW reembed.damage IS 'Damage that the user''s own DDL caused, and the command that repairs it. No rows when there is no damage.';
COMMENT ON COLUMN reembed.damage.target IS 'The target.';
COMMENT ON COLUMN reembed.damage.code IS 'Kind of the damage.';
COMMENT ON COLUMN reembed.damage.damage IS 'What is broken.';
COMMENT ON COLUMN reembed.damage.remedy IS 'Command that repairs it.';
COMMENT ON COLUMN reembed.damage.is_final IS 'Whether the damage is irreparable, so that no migration file of the campaign can run and the target can only be forgotten.';
