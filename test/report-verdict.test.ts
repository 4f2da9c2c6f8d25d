import test from 'ava';
import type { Report } from '../src/report/read-report.ts';
import { createReportedCampaign, dataOf, escaped, PAYLOADS, pageHere, readHere, validateReported } from './harness/report.ts';
import type { Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;
test.before(async () => {
  ({ stage, campaign } = await createReportedCampaign(300));
  await stage.bring(campaign, 'index');
  await validateReported(stage);
});
test.after.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

test.serial('the verdict follows the thresholds as they are now, and its reasons are on top', async (t) => {
  await sql('UPDATE reembed.setting SET min_overlap = 1');
  const page = await pageHere(stage);
  t.true(/<span class="badge">FAIL<\/span>/.test(page));
  t.true(page.indexOf('min_overlap is 1') < page.indexOf('id="quality"') && page.includes('min_overlap is 1'));
  await sql('UPDATE reembed.setting SET min_overlap = DEFAULT');
});

test.serial('thresholds that let more pass than by default are marked, and each says whether it is met', async (t) => {
  const plain = await pageHere(stage);
  t.false(/loosened/i.test(plain));
  t.true(/<span aria-hidden="true">✓<\/span> met/.test(plain));
  t.true(/<span aria-hidden="true">\?<\/span> unsure/.test(plain));
  await sql('UPDATE reembed.setting SET min_index_recall = 0.5, max_latency_ratio = NULL, max_ndcg_loss = 0.01, min_overlap = 1');
  const page = await pageHere(stage);
  t.is(page.match(/loosened, default/g)?.length, 2);
  t.true(page.includes('<code>min_index_recall</code> is 0.5 instead of 0.95, so that more passes.'));
  t.true(page.includes('<code>max_latency_ratio</code> is not set instead of 3, so that more passes.'));
  t.true(/<span aria-hidden="true">✗<\/span> missed/.test(page));
  await sql(
    'UPDATE reembed.setting SET min_index_recall = DEFAULT, max_latency_ratio = DEFAULT, max_ndcg_loss = DEFAULT, min_overlap = DEFAULT',
  );
});

test.serial('the data has the codes and remedies of the verdict, and status has the same', async (t) => {
  const { validation, not_checked } = await dataOf(stage);
  const codes = not_checked.map(({ code }) => code);
  t.deepEqual(
    ['no_judgements', 'no_query_log'].filter((code) => !codes.includes(code)),
    [],
  );
  t.false(codes.includes('not_audited') || codes.includes('no_filters') || codes.includes('no_cutoffs'));
  t.true(not_checked.every(({ remedy }) => /^npm run /.test(remedy ?? '')));
  const { stdout } = await stage.workplace.run(['status', '--json']);
  const [row] = (JSON.parse(stdout) as { campaigns: { validation: Report['validation'] }[] }).campaigns;
  const { verdict, reasons, doubts } = validation?.verdict ?? {};
  t.like(row?.validation, { verdict, reasons, doubts });
  t.is(verdict, 'unsure');
  t.true(doubts?.every(({ code, remedy }) => /^[a-z_]+$/.test(code) && remedy !== null));
});

test.serial('the rows that are judged relevant are marked in both lists, and the largest loss comes first', async (t) => {
  const queries = (await readHere(stage)).validation?.changed_queries ?? [];
  const { rows } = await sql('SELECT ordinal, relevant_results FROM reembed.validation_query');
  const relevant = new Map(rows.map((row) => [row.ordinal, row.relevant_results]));
  for (const { ordinal, before, after } of queries) {
    for (const result of [...before, ...after]) t.is(result.relevant, relevant.get(ordinal).includes(result.key));
  }
  t.true(queries.some(({ before, after }) => [...before, ...after].some((result) => result.relevant)));
  const won = queries.map(({ ndcg_before, ndcg_after }) => Number(ndcg_after) - Number(ndcg_before));
  const losses = won.filter((gain) => gain < 0);
  t.deepEqual(
    won.slice(0, losses.length),
    losses.toSorted((a, b) => a - b),
  );
  const page = await pageHere(stage);
  const marks = queries.flatMap(({ before, after }) => [...before, ...after]).filter((result) => result.relevant).length;
  t.is(page.match(/<li[^>]*><b>\d+<\/b> <b class="right">/g)?.length, marks);
});

test.serial('the newest result of each judged query counts for the first sentence, and people count before rows', async (t) => {
  await sql(
    `UPDATE reembed.validation_query SET grade = 'people', reciprocal_rank_before = (ordinal <> 4)::integer, reciprocal_rank_after = (ordinal > 2)::integer WHERE ordinal <= 40`,
  );
  t.true(
    (await pageHere(stage)).includes('>Of 40 searches, 2 that used to find the right document no longer do; 1 that did not now does.<'),
  );
  const { rows } = await sql(
    `INSERT INTO reembed.validation (campaign, started_at, query_source, queries, judged_queries, k, overlap, coverage, missing_rows, just_changed_rows, verdict)
     VALUES ($1, clock_timestamp(), 'test', 1, 1, 10, 0.5, 1, 0, 0, 'pass') RETURNING id`,
    [campaign],
  );
  await sql(
    `INSERT INTO reembed.validation_query (validation, ordinal, query, query_hash, grade, overlap, ndcg_before, ndcg_after, reciprocal_rank_before, reciprocal_rank_after)
     SELECT $1, 1, query, query_hash, 'people', 1, 1, 1, 1, 1 FROM reembed.validation_query WHERE ordinal = 1`,
    [rows[0].id],
  );
  t.true(
    (await pageHere(stage)).includes('>Of 40 searches, 1 that used to find the right document no longer does; 1 that did not now does.<'),
  );
  await sql('DELETE FROM reembed.validation WHERE id = $1', [rows[0].id]);
  await sql("UPDATE reembed.validation_query SET grade = 'rows'");
});

test.serial('what a person accepted stands beside the verdict, and is void when the evidence changes', async (t) => {
  await sql('SELECT reembed.accept($1, $2, $3)', [campaign, 'unsure', PAYLOADS.reason]);
  const accepted = await pageHere(stage);
  t.true(accepted.includes('A person accepted that.'));
  t.true(/<code>unsure<\/code>, by postgres, \d{4}-.* UTC: &lt;style&gt;/.test(accepted));
  await sql('UPDATE reembed.setting SET min_overlap = 1');
  t.true((await pageHere(stage)).includes('(void: the evidence has changed)'));
  await sql('UPDATE reembed.setting SET min_overlap = DEFAULT');
  await sql('DELETE FROM reembed.acceptance');
});

test.serial('rows embedded after the last run make it out of date', async (t) => {
  await sql("UPDATE reembed.batch SET finished_at = clock_timestamp() + interval '1 second'");
  t.true(/OUT OF DATE/.test(await pageHere(stage)));
  await sql("UPDATE reembed.batch SET finished_at = started_at + interval '1 millisecond'");
  t.true(/<span class="badge">UNSURE<\/span>/.test(await pageHere(stage)));
});

test.serial('judged figures come from the newest run that has some, and say from which', async (t) => {
  const { rows } = await sql(
    `INSERT INTO reembed.validation (campaign, started_at, query_source, queries, judged_queries, k, overlap, index_recall, coverage, missing_rows, just_changed_rows, searches_use_index, planner_chooses_index, verdict)
     VALUES ($1, now(), 'rows', 5, 0, 10, 0.5, 1, 1, 0, 0, true, true, 'pass') RETURNING id::text`,
    [campaign],
  );
  const data = await readHere(stage);
  t.is(data.validation?.evidence.newest, rows[0].id);
  t.is(data.validation?.evidence.judged, data.runs[1]?.id);
  const page = await pageHere(stage);
  t.true(page.includes('60 queries made of rows</small>'));
  t.true(page.includes(`<td class="number">${data.runs[1]?.id}</td>`), 'the table names the run');
  await sql('DELETE FROM reembed.validation WHERE id = $1', [rows[0].id]);
});

test.serial('shadow reads, known items and alerts are shown where there are any', async (t) => {
  t.false((await pageHere(stage)).includes('id="live"'));
  await sql(
    `INSERT INTO reembed.shadow_read (target, served_model, shadow_model, is_canary, k, overlap, served_ms, shadow_ms)
     SELECT target, from_model, to_model, false, 10, 0.25, 2, 3 FROM reembed.campaign, generate_series(1, 40)`,
  );
  await sql(
    'INSERT INTO reembed.known_item (target, model, key, found) SELECT target, to_model, \'{"id": 1}\', true FROM reembed.campaign',
  );
  await sql(
    `INSERT INTO reembed.alert (target, campaign, kind, severity, model, message) SELECT target, name, 'latency', 'warning', to_model, $1 FROM reembed.campaign`,
    [PAYLOADS.reason],
  );
  const page = await pageHere(stage);
  t.true(/40 shadow reads between .*: mean overlap 25\.0 %, 0 failed/.test(page));
  t.true(/Alerts: 1 open of 1/.test(page));
  t.true(page.includes(`<td class="wide">${escaped(PAYLOADS.reason)}</td>`));
  await sql('DELETE FROM reembed.alert');
});
