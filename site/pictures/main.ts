import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BrowserContext, chromium } from 'playwright-core';
import { drawRecording } from '../../demo/recording/svg.ts';
import { recordLines } from '../../demo/recording/terminal.ts';
import { until } from '../../test/harness/campaign.ts';
import { createDocuments } from '../../test/harness/documents.ts';
import { createStage, type Stage } from '../../test/harness/stage.ts';
import { startUi } from '../../test/harness/ui.ts';
import { ROOT } from '../pages.ts';
import { asWebp } from './webp.ts';

// `npm run docs:pictures` takes the pictures of docs/pictures/ anew, of a backfill by a real worker on the server of TEST_DATABASE_URL:
// `reembed status` as a terminal shows it, and the page of `reembed ui`. The provider is that of the tests, slowed down.
const ROWS = 20_000;
const COLUMNS = 100;
const FOLDER = join(ROOT, 'docs/pictures');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'];

const executablePath = process.env.TEST_CHROMIUM;
if (!executablePath || !process.env.TEST_DATABASE_URL) throw new Error('TEST_CHROMIUM and TEST_DATABASE_URL are not both set');

const stage = await createStage();
const profile = mkdtempSync(join(tmpdir(), 'reembed-pictures-'));
const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS });
try {
  stage.provider.script = async () => {
    await sleep(1500);
    return undefined;
  };
  await createDocuments(stage.db.pool, ROWS);
  await stage.bring(await stage.createUsual(), 'backfill');
  stage.workplace.start(['worker'], { EMBED_MAX_IN_FLIGHT: '2' });
  await until(() => isBetween(stage, 30, 60), 'a third of the rows', 300_000);
  await pictureStatus(stage);
  await picturePage(stage, browser);
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
  await stage.close();
}

async function isBetween({ db }: Stage, least: number, most: number): Promise<boolean> {
  const { rows } = await db.pool.query<{ percent: number }>('SELECT percent::float8 AS percent FROM reembed.progress');
  const percent = rows[0]?.percent ?? 0;
  return percent >= least && percent <= most;
}

async function pictureStatus({ workplace }: Stage): Promise<void> {
  Object.assign(process.env, workplace.env, { npm_lifecycle_event: 'status' });
  delete process.env.NO_COLOR;
  const lines = await recordLines(`cd ${workplace.directory} && ${process.execPath} ${workplace.cli} status`, COLUMNS);
  const typed = {
    at: 0,
    pieces: [
      { text: '$ ', styles: [2] },
      { text: 'npm run status', styles: [1] },
    ],
  };
  // All at once: there is nothing to wait for.
  writeFileSync(join(FOLDER, 'status.svg'), drawRecording('npm run status', [typed, ...lines.map((line) => ({ ...line, at: 0 }))]));
}

async function picturePage({ workplace }: Stage, browser: BrowserContext): Promise<void> {
  const { address } = await startUi(workplace);
  const page = await browser.newPage();
  await page.goto(address);
  await page.waitForSelector('article progress');
  // Enough for the rate and the times of searches to be a line.
  await sleep(20_000);
  for (const width of [1280, 420]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const png = await page.screenshot({ fullPage: width > 420 });
      writeFileSync(join(FOLDER, `ui-${width}-${colorScheme}.webp`), await asWebp(browser, png));
    }
  }
}
