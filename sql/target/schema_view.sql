-- Plain columns of one table, so that PostgreSQL also writes through the view. The options are restated, as in live_view.sql.
CREATE OR REPLACE VIEW {view} WITH (security_invoker = true) AS
SELECT {columns}
  FROM {table} AS t{sides};
COMMENT ON VIEW {view} IS {comment};
DROP TRIGGER IF EXISTS refuse_write ON {view};
