-- Compares searches over 16 partitions with searches of one index over the same rows, for several numbers of candidates. Needs an empty database:
-- psql postgres://…/empty -f bench/partition-search.sql
SET client_min_messages = warning;
SET maintenance_work_mem = '256MB';
SET max_parallel_maintenance_workers = 0;
CREATE EXTENSION vector;
CREATE TABLE centre AS SELECT c, ARRAY(SELECT random() - 0.5 + 0 * c FROM generate_series(1, 128)) AS v FROM generate_series(0, 299) AS c;
CREATE TABLE one (id integer PRIMARY KEY, v vector(128));
INSERT INTO one
SELECT g, ARRAY(SELECT x + (random() - 0.5) * 0.9 + 0 * g FROM unnest(k.v) AS x)::vector FROM generate_series(0, 23999) AS g JOIN centre AS k ON k.c = g * 7919 % 300;
CREATE TABLE many (id integer PRIMARY KEY, v vector(128)) PARTITION BY RANGE (id);
SELECT format('CREATE TABLE many_%s PARTITION OF many FOR VALUES FROM (%s) TO (%s)', i, i * 1500, (i + 1) * 1500) FROM generate_series(0, 15) AS i \gexec
INSERT INTO many SELECT * FROM one;
CREATE INDEX ON one USING hnsw (v vector_cosine_ops);
CREATE INDEX ON many USING hnsw (v vector_cosine_ops);
VACUUM ANALYZE one, many;

CREATE TABLE query AS SELECT id, v FROM one WHERE id % 960 = 7;
SET enable_indexscan = off;
CREATE TABLE exact AS SELECT q.id, ARRAY(SELECT o.id FROM one AS o ORDER BY o.v <=> q.v LIMIT 10) AS ids FROM query AS q;
RESET enable_indexscan;
SET enable_sort = off;
SET enable_seqscan = off;

CREATE TABLE search (search integer, on_table text, ef_search integer, iterative_scan text);
INSERT INTO search VALUES (1, 'one', 40, 'off'), (2, 'many', 40, 'off'), (3, 'many', 13, 'off'), (4, 'many', 10, 'off'), (5, 'many', 6, 'strict_order');
CREATE TABLE result (search integer, query integer, planning double precision, execution double precision, hits integer);
-- One search after another for each query, so that other work on the machine slows all of them; the fastest of four counts.
DO $$
DECLARE
  q record;
  s record;
  v_plan json;
  v_found integer[];
BEGIN
  FOR q IN SELECT * FROM query CROSS JOIN generate_series(1, 4) LOOP
    FOR s IN SELECT * FROM search LOOP
      PERFORM set_config('hnsw.ef_search', s.ef_search::text, false), set_config('hnsw.iterative_scan', s.iterative_scan, false);
      EXECUTE format('EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) SELECT id FROM %I ORDER BY v <=> %L LIMIT 10', s.on_table, q.v) INTO v_plan;
      EXECUTE format('SELECT ARRAY(SELECT id FROM %I ORDER BY v <=> %L LIMIT 10)', s.on_table, q.v) INTO v_found;
      INSERT INTO result
      SELECT s.search, q.id, (v_plan -> 0 ->> 'Planning Time')::double precision, (v_plan -> 0 ->> 'Execution Time')::double precision,
             (SELECT count(*) FROM exact AS e CROSS JOIN unnest(e.ids) AS i WHERE e.id = q.id AND i = ANY (v_found));
    END LOOP;
  END LOOP;
END;
$$;
SELECT s.*, round(avg(b.hits) / 10, 3) AS recall, round(avg(b.ms)::numeric, 3) AS mean_ms, round(min(b.ms)::numeric, 3) AS least_ms,
       round((avg(b.ms) / first_value(avg(b.ms)) OVER (ORDER BY s.search))::numeric, 1) AS mean_ratio, round((min(b.ms) / first_value(min(b.ms)) OVER (ORDER BY s.search))::numeric, 1) AS least_ratio
  FROM search AS s JOIN (SELECT search, query, min(planning + execution) AS ms, avg(hits) AS hits FROM result GROUP BY 1, 2) AS b USING (search)
 GROUP BY s.search, s.on_table, s.ef_search, s.iterative_scan ORDER BY s.search;
