-- Rules learned by measurement: no CASE and no UNION (the vector index would be lost); the vector without its dimensions (else
-- the view could not be replaced by another model's); every option restated (else security_invoker is cleared). A side table is
-- joined to the inside: an outer join would have to show rows without a vector, and lose the index for them.
CREATE OR REPLACE VIEW {view}{options} AS
SELECT {columns}
  FROM {search_from};
COMMENT ON VIEW {view} IS {comment};
