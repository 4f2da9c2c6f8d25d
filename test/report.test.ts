import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { reportPage } from '../src/report/page/document.ts';
import { type Report, readReport } from '../src/report/read-report.ts';
import { NEW_MODEL } from './harness/documents.ts';
import { createReportedCampaign, PAYLOADS, pageOf, validateReported } from './harness/report.ts';
import type { Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;
test.before(async () => {
  ({ stage, campaign } = await createReportedCampaign(300));
});
test.after.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

/** The data and the page that the command makes of it, without a process for each. */
const readHere = (withText = false) => readReport(stage.db.pool, { target: 'documents', withText, lowest: 10 });
const pageHere = async (withText = false) => reportPage(await readHere(withText));

async function dataOf(args: string[] = []): Promise<Report> {
  const { code, stdout, stderr } = await stage.workplace.run(['report', '--json', ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

/** A text as it must stand in the page. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

test.serial('without a campaign there is nothing to report, and the refusal says so', async (t) => {
  await stage.bring(campaign, 'none');
  const { code, stderr } = await stage.workplace.run(['report']);
  t.is(code, 1);
  t.regex(stderr, /nothing is registered with pg-reembed/);
  t.regex((await stage.workplace.run(['report', '--campaign', 'no such'])).stderr, /there is no campaign no such \[no_campaign\]/);
});

test.serial('a campaign that has only begun gets a report that says what it cannot show', async (t) => {
  await stage.bring(campaign, 'expand');
  const page = await pageOf(stage);
  t.true(/NOT VALIDATED/.test(page));
  t.true(/Nobody has compared the two models yet/.test(page));
  t.true(/No batch has been planned\. <span class="remedy">npm run migrate up</.test(page));
  t.true(/<span class="remedy">npm run validate<\/span>/.test(page));
  t.false(page.includes('id="quality"'));
  t.true(/<h2 id="trail-head">/.test(page));
});

test.serial('a validated campaign shows its verdict and the figures as they are stored', async (t) => {
  await stage.bring(campaign, 'index');
  await sql("INSERT INTO reembed.event (target, campaign, kind, reason) SELECT target, name, 'note', $1 FROM reembed.campaign", [
    PAYLOADS.reason,
  ]);
  const run = await validateReported(stage);
  t.not(run.verdict, 'fail', run.reasons.join());
  // So that the verdict does not depend on how the queries were made.
  await sql('UPDATE reembed.validation SET lexical_share = 0.9');
  const page = await pageOf(stage);
  t.true(/<span class="badge">UNSURE<\/span>/.test(page));
  const { doubts = [] } = (await readHere()).validation?.verdict ?? {};
  t.true(doubts.length > 0);
  // On the page each begins with a capital letter.
  t.true(doubts.every(({ reason, remedy }) => page.includes(escaped(reason.slice(1))) && page.includes(escaped(String(remedy)))));
  const { ndcg, overlap } = run;
  t.true(page.includes(`<dd>${ndcg?.before.toFixed(3)} → ${ndcg?.after.toFixed(3)}<small>`));
  t.true(page.includes('60 queries made of rows</small>'), 'each tile has its number of queries');
  t.true(page.includes(`>${overlap?.toFixed(3)}</td>`));
  for (const id of ['quality', 'changes', 'scores', 'checks', 'backfill', 'trail']) t.true(page.includes(`<section id="${id}"`), id);
  t.true(/new model 0 of \d+, lowest similarity 1\.0000/.test(page));
  t.true(page.indexOf('Of 60 searches made of the words of rows, ') < page.indexOf('<span class="badge">'));
  t.true(page.indexOf('Of 60 searches made of the words of rows, ') > page.indexOf('id="verdict"'));
  t.true(/same share of rows/.test(page));
  t.is(page.match(/<svg /g)?.length, page.match(/role="img" aria-label="[^"]{10}/g)?.length);
  t.true((page.match(/<svg /g)?.length ?? 0) >= 8);
  t.is(page.match(/<details/g)?.length, 10);
  t.is((await pageOf(stage, ['--lowest', '3'])).match(/<details/g)?.length, 3);
});

test.serial('markup in texts, models, values, filters and reasons is shown as text', async (t) => {
  const page = await pageHere(true);
  for (const payload of Object.values(PAYLOADS)) t.true(page.includes(escaped(payload)), payload);
  t.false(/<(script|img|iframe|object|embed|form|base)\b/i.test(page));
  t.is(page.match(/<style/g)?.length, 1);
  t.false(/(src|href)="(?!#|data:,")/.test(page));
  t.true(/Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;/.test(page));
});

test.serial('texts of queries and rows are in it only where they are asked for', async (t) => {
  const { rows } = await sql('SELECT query FROM reembed.validation_query ORDER BY ordinal');
  const words = rows.map(({ query }) => query.split(': ')[1].slice(0, 25));
  for (const plain of [await pageOf(stage), JSON.stringify(await readHere())]) {
    t.false(plain.includes('window.ran = 1'));
    t.false(words.some((text) => plain.includes(text)));
    t.false(/number \d+/.test(plain));
  }
  const page = await pageHere(true);
  t.true(words.some((text) => page.includes(escaped(text))));
  t.true(/number \d+/.test(page));
  t.false(page.includes('--with-text'));
  t.true((await pageHere()).includes(`<code>npm run report -- --campaign ${campaign} --with-text</code>`), 'the page says how to ask');
  const data = await readHere(true);
  const [first] = data.validation?.changed_queries ?? [];
  const { rows: found } = await sql('SELECT content FROM documents WHERE id = $1', [first?.after[0]?.key]);
  t.is(first?.after[0]?.text, found[0].content);
});

test.serial('the data behind it has no vector in it, and neither has the page; no secret is in either', async (t) => {
  const secrets = {
    OPENAI_API_KEY: 'sk-secret-of-the-new',
    OPENAI_OLD_API_KEY: 'sk-secret-of-the-old',
    REEMBED_ALERT_WEBHOOK: 'https://hooks.test/secret-path',
  };
  const { stdout } = await stage.workplace.run(['report', '--json', '--with-text'], secrets);
  const data = JSON.parse(stdout) as Report;
  t.is(data.campaign.name, campaign);
  t.is(data.validation?.verdict.verdict, 'unsure');
  t.true(data.progress.points.length >= 2);
  t.is(data.progress.points.at(-1)?.rows, 300);
  t.false(holdsNumbers(data));
  await stage.workplace.run(['report', '--out', 'page.html', '--with-text'], secrets);
  const page = readFileSync(join(stage.workplace.directory, 'page.html'), 'utf8');
  const { rows } = await sql('SELECT embedding::text AS old, embedding_v2::text AS new FROM documents LIMIT 50');
  for (const text of [stdout, page]) {
    t.false(rows.some((row) => text.includes(row.old.slice(1, 30)) || text.includes(row.new.slice(1, 30))));
    t.false(/sk-secret|secret-path|postgres(ql)?:\/\//.test(text));
  }
});

/** Whether there is a list of numbers anywhere in it, as a vector would be. */
function holdsNumbers(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((one) => typeof one === 'number' || holdsNumbers(one));
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsNumbers);
}

test.serial('the verdict follows the thresholds as they are now, and its reasons are on top', async (t) => {
  await sql('UPDATE reembed.setting SET min_overlap = 1');
  const page = await pageHere();
  t.true(/<span class="badge">FAIL<\/span>/.test(page));
  t.true(page.indexOf('min_overlap is 1') < page.indexOf('id="quality"') && page.includes('min_overlap is 1'));
  await sql('UPDATE reembed.setting SET min_overlap = DEFAULT');
});

test.serial('thresholds that let more pass than by default are marked, and each says whether it is met', async (t) => {
  const plain = await pageHere();
  t.false(/loosened/i.test(plain));
  t.true(/<span aria-hidden="true">✓<\/span> met/.test(plain));
  t.true(/<span aria-hidden="true">\?<\/span> unsure/.test(plain));
  await sql('UPDATE reembed.setting SET min_index_recall = 0.5, max_latency_ratio = NULL, max_ndcg_loss = 0.01, min_overlap = 1');
  const page = await pageHere();
  t.is(page.match(/loosened, default/g)?.length, 2);
  t.true(page.includes('<code>min_index_recall</code> is 0.5 instead of 0.95, so that more passes.'));
  t.true(page.includes('<code>max_latency_ratio</code> is not set instead of 3, so that more passes.'));
  t.true(/<span aria-hidden="true">✗<\/span> missed/.test(page));
  await sql(
    'UPDATE reembed.setting SET min_index_recall = DEFAULT, max_latency_ratio = DEFAULT, max_ndcg_loss = DEFAULT, min_overlap = DEFAULT',
  );
});

test.serial('the data has the codes and remedies of the verdict, and status has the same', async (t) => {
  const { validation, not_checked } = await dataOf();
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
  const queries = (await readHere()).validation?.changed_queries ?? [];
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
  const page = await pageHere();
  const marks = queries.flatMap(({ before, after }) => [...before, ...after]).filter((result) => result.relevant).length;
  t.is(page.match(/<li[^>]*><b>\d+<\/b> <b class="right">/g)?.length, marks);
});

test.serial('the newest result of each judged query counts for the first sentence, and people count before rows', async (t) => {
  await sql(
    `UPDATE reembed.validation_query SET grade = 'people', reciprocal_rank_before = (ordinal <> 4)::integer, reciprocal_rank_after = (ordinal > 2)::integer WHERE ordinal <= 40`,
  );
  t.true((await pageHere()).includes('>Of 40 searches, 2 that used to find the right document no longer do; 1 that did not now does.<'));
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
  t.true((await pageHere()).includes('>Of 40 searches, 1 that used to find the right document no longer does; 1 that did not now does.<'));
  await sql('DELETE FROM reembed.validation WHERE id = $1', [rows[0].id]);
  await sql("UPDATE reembed.validation_query SET grade = 'rows'");
});

test.serial('what a person accepted stands beside the verdict, and is void when the evidence changes', async (t) => {
  await sql('SELECT reembed.accept($1, $2, $3)', [campaign, 'unsure', PAYLOADS.reason]);
  const accepted = await pageHere();
  t.true(accepted.includes('A person accepted that.'));
  t.true(/<code>unsure<\/code>, by postgres, \d{4}-.* UTC: &lt;style&gt;/.test(accepted));
  await sql('UPDATE reembed.setting SET min_overlap = 1');
  t.true((await pageHere()).includes('(void: the evidence has changed)'));
  await sql('UPDATE reembed.setting SET min_overlap = DEFAULT');
  await sql('DELETE FROM reembed.acceptance');
});

test.serial('rows embedded after the last run make it out of date', async (t) => {
  await sql("UPDATE reembed.batch SET finished_at = clock_timestamp() + interval '1 second'");
  t.true(/OUT OF DATE/.test(await pageHere()));
  await sql("UPDATE reembed.batch SET finished_at = started_at + interval '1 millisecond'");
  t.true(/<span class="badge">UNSURE<\/span>/.test(await pageHere()));
});

test.serial('judged figures come from the newest run that has some, and say from which', async (t) => {
  const { rows } = await sql(
    `INSERT INTO reembed.validation (campaign, started_at, query_source, queries, judged_queries, k, overlap, index_recall, coverage, missing_rows, just_changed_rows, searches_use_index, planner_chooses_index, verdict)
     VALUES ($1, now(), 'rows', 5, 0, 10, 0.5, 1, 1, 0, 0, true, true, 'pass') RETURNING id::text`,
    [campaign],
  );
  const data = await readHere();
  t.is(data.validation?.evidence.newest, rows[0].id);
  t.is(data.validation?.evidence.judged, data.runs[1]?.id);
  const page = await pageHere();
  t.true(page.includes('60 queries made of rows</small>'));
  t.true(page.includes(`<td class="number">${data.runs[1]?.id}</td>`), 'the table names the run');
  await sql('DELETE FROM reembed.validation WHERE id = $1', [rows[0].id]);
});

test.serial('shadow reads, known items and alerts are shown where there are any', async (t) => {
  t.false((await pageHere()).includes('id="live"'));
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
  const page = await pageHere();
  t.true(/40 shadow reads between .*: mean overlap 25\.0 %, 0 failed/.test(page));
  t.true(/Alerts: 1 open of 1/.test(page));
  t.true(page.includes(`<td class="wide">${escaped(PAYLOADS.reason)}</td>`));
  await sql('DELETE FROM reembed.alert');
});

test.serial('a report replaces a report and no other file, and is whole or not there', async (t) => {
  const { directory, run } = stage.workplace;
  const first = await run(['report']);
  t.is(first.stderr.replace(/^database: .*\n/, ''), `reembed-report-${campaign}.html\n`);
  t.is((await run(['report'])).code, 0);
  writeFileSync(join(directory, 'notes.txt'), 'mine');
  const refused = await run(['report', '--out', 'notes.txt']);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /notes\.txt exists and is not a report of pg-reembed/);
  t.is(readFileSync(join(directory, 'notes.txt'), 'utf8'), 'mine');
  t.is((await run(['report', '--out', 'migrations'])).code, 2);
  const missing = await run(['report', '--out', 'nowhere/page.html']);
  t.is(missing.code, 1);
  t.regex(missing.stderr, /cannot be written \(ENOENT\)/);
  t.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test.serial('options that exclude each other are refused', async (t) => {
  const both = await stage.workplace.run(['report', '--target', 'documents', '--campaign', campaign]);
  t.is(both.code, 2);
  t.is((await stage.workplace.run(['report', '--json', '--out', 'data.json'])).code, 2);
  t.is((await dataOf(['--target', 'documents'])).campaign.name, campaign);
  t.is((await dataOf(['--campaign', campaign])).campaign.target, 'public.documents.embedding');
});

test.serial('after contract the report shows the figures of before it, and says what is gone', async (t) => {
  await stage.bring(campaign, 'contract');
  // The one that opened the gate has no results to show.
  await sql("DELETE FROM reembed.validation WHERE query_source = 'test'");
  const page = await pageOf(stage, ['--with-text']);
  t.true(/its vectors are in the archive reembed\./.test(page));
  t.true(page.includes(`Live model: <b>${NEW_MODEL}</b>`));
  t.true(/<section id="quality"/.test(page));
  t.true(/number \d+/.test(page));
  await sql(`INSERT INTO reembed.judge_grade (target, query_hash, text_hash, judge_model, prompt_version, grade)
    SELECT name, '\\x01', '\\x02', 'judge', 1, 3 FROM reembed.target`);
  await sql('SELECT reembed.purge($1)', [campaign]);
  t.is((await sql('SELECT FROM reembed.judge_grade')).rowCount, 0, 'purge deletes the stored grades too');
  t.true(/its vectors are gone/.test(await pageOf(stage)));
});
