import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Report } from '../src/report/read-report.ts';
import { NEW_MODEL } from './harness/documents.ts';
import { createReportedCampaign, dataOf, escaped, PAYLOADS, pageHere, pageOf, readHere, validateReported } from './harness/report.ts';
import type { Stage } from './harness/stage.ts';

let stage: Stage;
let campaign: string;
test.before(async () => {
  ({ stage, campaign } = await createReportedCampaign(300));
});
test.after.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

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
  const page = await pageOf(stage);
  t.true(/<span class="badge">UNSURE<\/span>/.test(page));
  const { doubts = [] } = (await readHere(stage)).validation?.verdict ?? {};
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
  const page = await pageHere(stage, true);
  for (const payload of Object.values(PAYLOADS)) t.true(page.includes(escaped(payload)), payload);
  t.false(/<(script|img|iframe|object|embed|form|base)\b/i.test(page));
  t.is(page.match(/<style/g)?.length, 1);
  t.false(/(src|href)="(?!#|data:,")/.test(page));
  t.true(/Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;/.test(page));
});

test.serial('texts of queries and rows are in it only where they are asked for', async (t) => {
  const { rows } = await sql('SELECT query FROM reembed.validation_query ORDER BY ordinal');
  const words = rows.map(({ query }) => query.split(': ')[1].slice(0, 25));
  for (const plain of [await pageOf(stage), JSON.stringify(await readHere(stage))]) {
    t.false(plain.includes('window.ran = 1'));
    t.false(words.some((text) => plain.includes(text)));
    t.false(/number \d+/.test(plain));
  }
  const page = await pageHere(stage, true);
  t.true(words.some((text) => page.includes(escaped(text))));
  t.true(/number \d+/.test(page));
  t.false(page.includes('--with-text'));
  t.true((await pageHere(stage)).includes(`<code>npm run report -- --campaign ${campaign} --with-text</code>`), 'the page says how to ask');
  const data = await readHere(stage, true);
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
  t.is((await dataOf(stage, ['--target', 'documents'])).campaign.name, campaign);
  t.is((await dataOf(stage, ['--campaign', campaign])).campaign.target, 'public.documents.embedding');
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
