-- Measured: no CASE and no UNION, which prevent use of the vector index. The vector has a type without dimensions, because a view cannot be replaced by one
-- with another type. All options are restated, because CREATE OR REPLACE VIEW clears security_invoker otherwise. A side table is joined by an inner join: an
-- outer join would return rows without a vector and prevent use of the index.
CREATE OR REPLACE VIEW {view}{options} AS
SELECT {columns}
  FROM {search_from}{search_part};
COMMENT ON VIEW {view} IS {comment};
