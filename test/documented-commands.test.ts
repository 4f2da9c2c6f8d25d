import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import type { Command } from 'commander';
import { alertsCommand } from '../src/commands/alerts.ts';
import { bridgeCommand } from '../src/commands/bridge.ts';
import { compareCommand } from '../src/commands/compare.ts';
import { dbCommand } from '../src/commands/db.ts';
import { doctorCommand } from '../src/commands/doctor.ts';
import { forgetCommand } from '../src/commands/forget.ts';
import { importCommand } from '../src/commands/import.ts';
import { initCommand } from '../src/commands/init.ts';
import { migrateCommand } from '../src/commands/migrate.ts';
import { purgeCommand } from '../src/commands/purge.ts';
import { releaseCommand } from '../src/commands/release.ts';
import { reportCommand } from '../src/commands/report.ts';
import { retryCommand } from '../src/commands/retry.ts';
import { settingCommand } from '../src/commands/setting.ts';
import { statusCommand } from '../src/commands/status.ts';
import { uiCommand } from '../src/commands/ui.ts';
import { validateCommand } from '../src/commands/validate.ts';
import { workerCommand } from '../src/commands/worker.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

const OLD = 'text-embedding-ada-002';
const OLD_AT_PROVIDER = 'small-model';
const NEW = 'text-embedding-3-large';

const PAGES = [
  'README.md',
  ...['runbook', 'reference', 'tutorial', 'how-to', 'faq', 'production-checklist', 'limits', 'concepts'].map((name) => `docs/${name}.md`),
];
const textOfPage = (page: string) => readFileSync(new URL(`../${page}`, import.meta.url), 'utf8');
const pages = PAGES.map(textOfPage).join('\n');
const packageFile = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const { scripts } = JSON.parse(packageFile) as { scripts: Record<string, string> };

const commands: Command[] = [
  migrateCommand(),
  workerCommand(),
  statusCommand(),
  uiCommand(),
  bridgeCommand(),
  validateCommand(),
  settingCommand(),
  alertsCommand(),
  retryCommand(),
  purgeCommand(),
  doctorCommand(),
  forgetCommand(),
  compareCommand(),
  importCommand(),
  initCommand(),
  releaseCommand(),
  reportCommand(),
  dbCommand(),
];

const blocks = (language: string) => [...pages.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text = '']) => text);
const inline = [...pages.replaceAll(/```.*?```/gs, '').matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);

/** Every command of these pages, in words, without what stands before `npm`. */
const commandLines = [...blocks('sh').flatMap((block) => block.replaceAll(/\\\n\s*/g, ' ').split('\n')), ...inline]
  .filter((line) => /\bnpm run /.test(line))
  .map((line) => line.slice(line.indexOf('npm run ')).match(/"[^"]*"|\S+/g) ?? []);

const statements = [
  // What belongs in one transaction is tried in one.
  ...blocks('sql')
    .map((block) => block.replaceAll(/ *-- .*$/gm, ''))
    .flatMap((block) => (block.startsWith('BEGIN;') ? [block.replaceAll(/^(BEGIN|COMMIT);$/gm, '')] : block.split(/;\n/))),
  ...inline.filter((text) => /^SELECT .*\)$/.test(text) && !text.includes('…')),
]
  .map((statement) => statement.trim())
  .filter(Boolean);

let stage: Stage;
let settings: string[];

test.before(async () => {
  // Under the name of the runbook, but not with the dimensions that the vendor publishes.
  stage = await createStage({ [OLD_AT_PROVIDER]: 16, [NEW]: 24 });
  const { pool } = stage.db;
  await createDocuments(pool, 60);
  const campaign = await stage.draft({ table: 'documents', from: OLD, fromProviderModel: OLD_AT_PROVIDER, to: NEW });
  await stage.bring(campaign, 'switch');
  await pool.query(
    `INSERT INTO reembed.alert (target, kind, severity, message) VALUES ('public.documents.embedding', 'latency', 'warning', 'slow')`,
  );
  const columns = await pool.query<{ name: string }>(
    "SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'setting'",
  );
  settings = columns.rows.map(({ name }) => name);
});
test.after.always(() => stage?.close());

test('the pages have commands and statements to try', (t) => {
  t.true(commandLines.length > 30, String(commandLines.length));
  t.true(statements.length > 20, String(statements.length));
});

for (const words of new Set(commandLines.map((line) => line.join(' ')))) {
  test(`the documented command exists: ${words}`, (t) => {
    const [, , script = '', ...rest] = words.match(/"[^"]*"|\S+/g) ?? [];
    t.true(script in scripts, `package.json has no script ${script}`);
    const command = commands.find((candidate) => candidate.name() === script);
    if (!command) return;
    const action = command.commands.find((candidate) => candidate.name() === rest[0]) ?? command;
    const known = action.options.flatMap(({ long, short }) => [long, short]);
    const separator = rest.indexOf('--');
    for (const word of rest.filter((candidate) => /^--?\w/.test(candidate))) {
      t.true(known.includes(word), `${action.name()} has no option ${word}`);
      t.true(separator !== -1 && separator < rest.indexOf(word), `npm would keep ${word} for itself`);
    }
    if (script !== 'setting') return;
    for (const change of rest.slice(separator + 1))
      t.true(settings.includes(/^"?(\w+)(=|$)/.exec(change)?.[1] ?? ''), `there is no setting in ${change}`);
  });
}

for (const statement of new Set(statements)) {
  test.serial(`the documented statement runs: ${statement.replaceAll(/\s+/g, ' ').slice(0, 70)}`, async (t) => {
    const client = await stage.db.pool.connect();
    try {
      await client.query('BEGIN');
      // One with a parameter is parsed only.
      await t.notThrowsAsync(client.query(statement.includes('$1') ? `PREPARE documented AS ${statement}` : statement));
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
}

test('every setting and every alert that the pages name exists', (t) => {
  const reading = readFileSync(new URL('../docs/reading.md', import.meta.url), 'utf8');
  for (const name of inline.filter((text) => /^(max|min|keep|auto|canary|shadow)_\w+$/.test(text))) t.true(settings.includes(name), name);
  t.true(reading.includes('## The watch'), 'the section that the runbook links to');
});

test('every document that a page links to exists', (t) => {
  for (const page of PAGES)
    for (const [, path = ''] of textOfPage(page).matchAll(/\]\((?!http)([^)#]+)/g))
      t.true(existsSync(new URL(path, new URL(`../${page}`, import.meta.url))), `${page}: ${path}`);
});
