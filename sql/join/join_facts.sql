-- create runs this query where it is not installed yet, so that it refuses what start_campaign() would refuse. It therefore calls no function of pg-reembed.
CREATE OR REPLACE FUNCTION reembed.join_facts(p_relation regclass, p_joins jsonb)
RETURNS TABLE (n integer, relation oid, name text, of_position integer, key_attnums smallint[], of_attnums smallint[], operators text[], join_sql text, index_statement text,
               refusal text, reason text, remedy text)
LANGUAGE sql STABLE ROWS 9
SET search_path = pg_catalog, pg_temp
-- Compiling the query would take seconds; running it takes milliseconds.
SET jit = off
AS $$
  WITH named AS (
    SELECT 0 AS n, p_relation::oid AS relation, 't' AS alias, NULL AS written, NULL AS joined_to, '[]'::jsonb AS columns, '[]'::jsonb AS of_columns
    UNION ALL
    SELECT j.n::integer, to_regclass(j.value ->> 'table')::oid, j.value ->> 'alias', j.value ->> 'table', j.value ->> 'of', j.value -> 'columns', j.value -> 'of_columns'
      FROM (SELECT e.value, e.n FROM jsonb_array_elements(p_joins) WITH ORDINALITY AS e(value, n) LIMIT 9) AS j
  ), pair AS (
    SELECT j.n, k.place, j.alias, k.name, a.attnum, a.attcollation, o.n AS of_n, o.alias AS of_alias, o.relation AS of_relation, k.of_name, b.attnum AS of_attnum, e.operator, e.name AS operator_name
      FROM named AS j
      JOIN named AS o ON o.alias = j.joined_to AND o.n < j.n
     CROSS JOIN LATERAL ROWS FROM (jsonb_array_elements_text(j.columns), jsonb_array_elements_text(j.of_columns)) WITH ORDINALITY AS k(name, of_name, place)
      LEFT JOIN pg_attribute AS a ON a.attrelid = j.relation AND a.attname = k.name AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attribute AS b ON b.attrelid = o.relation AND b.attname = k.of_name AND b.attnum > 0 AND NOT b.attisdropped
      LEFT JOIN LATERAL (SELECT coalesce(nullif(y.typbasetype, 0), y.oid) AS base, y.typtype = 'e' AS is_enum FROM pg_type AS y WHERE y.oid = a.atttypid) AS l ON true
      LEFT JOIN LATERAL (SELECT coalesce(nullif(y.typbasetype, 0), y.oid) AS base FROM pg_type AS y WHERE y.oid = b.atttypid) AS r ON true
      -- The equality of the type's own index operators: one found by name alone might be another.
      LEFT JOIN LATERAL (
        SELECT q.oid AS operator, format('%I.%s', s.nspname, q.oprname) AS name
          FROM pg_opclass AS c
          JOIN pg_am AS h ON h.oid = c.opcmethod AND h.amname = 'btree'
          JOIN pg_amop AS m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3 AND m.amoplefttype = c.opcintype
          JOIN pg_operator AS q ON q.oid = m.amopopr
          JOIN pg_namespace AS s ON s.oid = q.oprnamespace
          JOIN pg_type AS y ON y.oid = c.opcintype
         WHERE c.opcdefault
           AND (c.opcintype = l.base OR l.is_enum AND c.opcintype = 'anyenum'::regtype
                OR EXISTS (SELECT FROM pg_cast AS w WHERE w.castsource = l.base AND w.casttarget = c.opcintype AND w.castmethod = 'b' AND w.castcontext = 'i'))
           AND (m.amoprighttype = r.base OR m.amoprighttype = c.opcintype
                AND (r.base = l.base OR EXISTS (SELECT FROM pg_cast AS w WHERE w.castsource = r.base AND w.casttarget = c.opcintype AND w.castmethod = 'b' AND w.castcontext = 'i')))
         ORDER BY c.opcintype = l.base DESC, m.amoprighttype = r.base DESC, y.typispreferred DESC LIMIT 1) AS e ON true
  ), joined AS (
    SELECT j.*, quote_ident(s.nspname) || '.' || quote_ident(c.relname) AS name, c.relname, quote_ident(s.nspname) AS schema, c.relowner, quote_ident(pg_get_userbyid(c.relowner)) AS owner, quote_ident(current_user) AS installer,
           t.relowner AS reader, quote_ident(pg_get_userbyid(t.relowner)) AS reader_name, s.oid AS namespace,
           c.relkind = 'r' AND NOT c.relispartition AND c.relpersistence <> 't' AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE c.oid IN (i.inhrelid, i.inhparent)) AS is_ordinary,
           c.relrowsecurity AND NOT d.rolsuper AND NOT d.rolbypassrls AND (c.relforcerowsecurity OR NOT pg_has_role(t.relowner, c.relowner, 'USAGE')) AS hides_rows,
           pg_has_role(c.relowner, 'USAGE') AND pg_has_role(c.relowner, CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS acts_as_owner,
           CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END AS grant_options
      FROM named AS j
      JOIN pg_class AS t ON t.oid = p_relation
      JOIN pg_roles AS d ON d.oid = t.relowner
      LEFT JOIN pg_class AS c ON c.oid = j.relation
      LEFT JOIN pg_namespace AS s ON s.oid = c.relnamespace
     WHERE j.n > 0
  ), condition AS (
    SELECT p.n, max(p.of_n) AS of_n, array_agg(p.attnum ORDER BY p.place) AS key_attnums, array_agg(p.of_attnum ORDER BY p.place) AS of_attnums, array_agg(p.operator_name ORDER BY p.place) AS operators,
           string_agg(format('%I.%I OPERATOR(%s) %I.%I', p.alias, p.name, p.operator_name, p.of_alias, p.of_name), ' AND ' ORDER BY p.place) AS sql,
           string_agg(quote_ident(p.name), ', ' ORDER BY p.place) AS columns,
           max(quote_ident(s.nspname) || '.' || quote_ident(c.relname)) AS of_name, string_agg(quote_ident(p.of_name), ', ' ORDER BY p.place) AS of_columns,
           min(format('%I.%I', p.alias, p.name)) FILTER (WHERE p.attnum IS NULL) AS lacks, min(format('%I.%I', p.of_alias, p.of_name)) FILTER (WHERE p.of_attnum IS NULL) AS of_lacks,
           min(format('%I.%I and %I.%I', p.alias, p.name, p.of_alias, p.of_name)) FILTER (WHERE p.operator IS NULL) AS differs
      FROM pair AS p LEFT JOIN pg_class AS c ON c.oid = p.of_relation LEFT JOIN pg_namespace AS s ON s.oid = c.relnamespace
     GROUP BY p.n
  )
  SELECT j.n, j.relation, j.name, k.of_n, k.key_attnums, k.of_attnums, k.operators, format('LEFT JOIN %s AS %I ON %s', j.name, j.alias, k.sql),
         CASE WHEN NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS h ON h.oid = c.relam
                                WHERE i.indrelid = (SELECT o.relation FROM named AS o WHERE o.n = k.of_n) AND i.indisvalid AND i.indpred IS NULL AND h.amname IN ('btree', 'hash')
                                  AND i.indkey[0] = ANY (k.of_attnums))
              THEN format('CREATE INDEX CONCURRENTLY ON %s (%s)', k.of_name, k.of_columns) END,
         w.code, w.reason, w.remedy
    FROM joined AS j
    LEFT JOIN condition AS k ON k.n = j.n
    LEFT JOIN LATERAL (
      SELECT f.code, f.reason, f.remedy
        FROM (VALUES
          (1, j.relation IS NULL, 'join_no_table', format('there is no table %s to take the text from', j.written), 'name it with its schema in --text-from'),
          (2, NOT j.is_ordinary, 'join_not_a_table', format('%s is a view, a partition or another kind of relation, whose changes no trigger can log', j.name), 'join the ordinary tables that it is made of'),
          (3, k.n IS NULL, 'join_unknown', format('%s is joined to %s, which no earlier join names', j.alias, j.joined_to), 'give the joins in order; t is the table of the vectors'),
          (4, k.lacks IS NOT NULL OR k.of_lacks IS NOT NULL, 'join_no_column', format('there is no column %s', coalesce(k.lacks, k.of_lacks)), 'name columns that exist in --text-from'),
          (5, k.differs IS NOT NULL, 'join_types', format('%s have types that no index compares', k.differs), 'join columns of one type'),
          (6, NOT EXISTS (
                SELECT FROM pg_index AS i
                 WHERE i.indrelid = j.relation AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
                   AND NOT EXISTS (
                     SELECT FROM generate_series(0, i.indnkeyatts - 1) AS x(place)
                      WHERE NOT EXISTS (
                        SELECT FROM pair AS p JOIN pg_opclass AS c ON c.oid = i.indclass[x.place] JOIN pg_amop AS m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3 AND m.amopopr = p.operator
                         WHERE p.n = j.n AND p.attnum = i.indkey[x.place] AND i.indcollation[x.place] = p.attcollation))),
             'join_not_unique', format('%s may find several rows of %s for one row: no unique index covers %s', j.alias, j.name, k.columns),
             format('CREATE UNIQUE INDEX CONCURRENTLY ON %s (%s), or join by the primary key', j.name, k.columns)),
          (7, NOT j.acts_as_owner, 'join_owner', format('%s belongs to %s, and role %s cannot act as %s', j.name, j.owner, j.installer, j.owner),
             format('GRANT %s TO %s%s, or run migrations as a role that may', j.owner, j.installer, j.grant_options)),
          (8, NOT has_schema_privilege(j.reader, j.namespace, 'USAGE'), 'join_no_usage', format('%s, the owner of the table of the vectors, may not use schema %s', j.reader_name, j.schema),
             format('GRANT USAGE ON SCHEMA %s TO %s', j.schema, j.reader_name)),
          (9, NOT has_table_privilege(j.reader, j.relation, 'SELECT'), 'join_no_select', format('%s, the owner of the table of the vectors, may not read %s', j.reader_name, j.name),
             format('GRANT SELECT ON %s TO %s', j.name, j.reader_name)),
          (10, j.hides_rows, 'join_row_security', format('row level security of %s hides rows from %s, the owner of the table of the vectors', j.name, j.reader_name),
             format('ALTER ROLE %s BYPASSRLS, or give both tables one owner', j.reader_name))) AS f(step, applies, code, reason, remedy)
       WHERE f.applies ORDER BY f.step LIMIT 1) AS w ON true
   ORDER BY j.n
$$;
COMMENT ON FUNCTION reembed.join_facts IS 'The tables that a text is joined from: their columns and operators, the statement for an index that is missing, and the reason why a join is refused.';
