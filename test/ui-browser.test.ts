import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { chromium, type Page } from 'playwright-core';
import { until } from './harness/campaign.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';
import { POISON, startUi } from './harness/ui.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const CONTRAST = readFileSync(new URL('harness/page-contrast.js', import.meta.url), 'utf8');

// With TEST_CHROMIUM=/usr/bin/chromium; with TEST_SCREENSHOTS=folder the pictures are kept.
if (process.env.TEST_CHROMIUM) {
  const executablePath = process.env.TEST_CHROMIUM;
  test('a page in a browser follows a backfill, is usable by keyboard and by everybody, and runs nothing of a database', async (t) => {
    t.timeout(180_000);
    const stage = await createStage();
    t.teardown(() => stage.close());
    const { pool } = stage.db;
    await createDocuments(pool, 2000);
    await stage.bring(await stage.createUsual(), 'backfill');
    const ui = await startUi(stage.workplace);

    const profile = mkdtempSync(join(tmpdir(), 'reembed-ui-'));
    t.teardown(() => rmSync(profile, { recursive: true, force: true }));
    const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS });
    t.teardown(() => browser.close());
    const page = await browser.newPage();
    const [requests, said]: [string[], string[]] = [[], []];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));

    await page.goto(ui.address);
    t.is(page.url(), `http://127.0.0.1:${ui.port}/`);
    await page.waitForSelector('article progress');
    t.is(await page.getAttribute('.rail [aria-current=step]', 'class'), 'reached');
    t.is(await page.evaluate('document.querySelector("progress").value'), 0);

    await stage.workHalf();
    await until(
      () => page.evaluate<boolean>('document.querySelector("progress").value > 0 && document.querySelector("progress").value < 100'),
      'a half-done progress bar',
    );
    await pool.query(
      `INSERT INTO reembed.failed_row (target, key, model, class, message, words)
       SELECT target, jsonb_build_object('id', $1::text), to_model, 'input_rejected', 'refused', 'quoted ' || $1 FROM reembed.campaign`,
      [POISON],
    );
    await pool.query(
      "INSERT INTO reembed.alert (target, campaign, kind, severity, message) SELECT target, name, 'latency', 'warning', $1 FROM reembed.campaign",
      [POISON],
    );
    await pool.query(
      `INSERT INTO reembed.read_probe (target, at, milliseconds, is_resting)
       SELECT target, now() - i * interval '5 seconds', 3 + i % 4 + CASE WHEN i % 3 = 0 THEN 0 ELSE 2 END, i % 3 = 0 FROM reembed.campaign, generate_series(1, 100) AS i`,
    );
    await until(
      () => page.evaluate<boolean>('document.querySelector("#announcement").textContent.includes("1 open alerts")'),
      'the alert is announced',
    );
    await stage.work();
    await until(() => page.evaluate<boolean>('document.querySelector("progress").value === 100'), 'a full progress bar');

    await openAllByKeyboard(page);
    await until(
      () =>
        page.evaluate<boolean>('document.querySelector("[aria-label=\\"Messages about failed rows\\"]").textContent.includes("quoted")'),
      'the messages are shown',
    );
    t.is(await page.evaluate('document.querySelectorAll("img").length'), 0);
    t.is(await page.evaluate('window.ran'), undefined);
    t.true((await page.textContent('main'))?.includes(POISON));

    for (const width of [1280, 420]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const name = `${width}-${colorScheme}`;
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        t.true(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} is wider than the page`);
        t.deepEqual(await page.evaluate(CONTRAST), [], name);
        t.deepEqual(await violations(page), [], name);
        const folder = process.env.TEST_SCREENSHOTS;
        if (folder) await page.screenshot({ fullPage: true, path: join(folder, `ui-${name}.png`) });
      }
    }
    t.deepEqual([...new Set(requests.map((url) => new URL(url).host))], [`127.0.0.1:${ui.port}`]);
    t.deepEqual(said, []);
  });
} else {
  test('the page is looked at in a browser where TEST_CHROMIUM names one', (t) => {
    t.is(process.env.TEST_CHROMIUM, undefined);
  });
}

/** Opens every closed part with the keys Tab and Enter alone, the messages about failed rows included. */
async function openAllByKeyboard(page: Page): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const closed = await page.evaluate(
      '!!document.activeElement.matches("summary, button") && !document.activeElement.matches("[open] > summary, [aria-expanded=true]")',
    );
    if (closed) await page.keyboard.press('Enter');
    if (await page.evaluate('document.querySelectorAll("details:not([open]), button[aria-expanded=false]:not([hidden])").length === 0'))
      return;
  }
  throw new Error(
    `not reached by keyboard: ${await page.evaluate('document.querySelector("details:not([open]), button[aria-expanded=false]").textContent')}`,
  );
}

async function violations(page: Page): Promise<string[]> {
  // Evaluated from outside: the policy of the page would refuse to load it.
  await page.evaluate(AXE);
  return page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))',
  );
}
