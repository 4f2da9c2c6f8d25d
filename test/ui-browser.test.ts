import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Page } from 'playwright-core';
import { assertUsable, openPage } from './harness/browser.ts';
import { until } from './harness/campaign.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';
import { COMPARISON, POISON, startUi } from './harness/ui.ts';

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
    const comparison = join(stage.workplace.directory, 'comparison.json');
    writeFileSync(comparison, JSON.stringify(COMPARISON));
    const ui = await startUi(stage.workplace, ['--comparison', comparison]);

    const { page, requests, said } = await openPage(t, executablePath, ui.address);
    t.is(page.url(), `http://127.0.0.1:${ui.port}/`);
    await page.waitForSelector('article progress');
    t.is(await page.getAttribute('.rail [aria-current=step]', 'class'), 'reached');
    t.is(await page.evaluate('document.querySelector("progress").value'), 0);

    await stage.workHalf();
    await until(
      () => page.evaluate<boolean>('document.querySelector("progress").value > 0 && document.querySelector("progress").value < 100'),
      'a half-done progress bar',
    );
    t.regex((await page.textContent('article .next')) ?? '', /to enter index: npm run worker/);
    await pool.query("INSERT INTO reembed.worker (id, host, pid) VALUES (gen_random_uuid(), 'another host', 1)");
    await until(
      async () => /nothing to run: 1 worker is running/.test((await page.textContent('article .next')) ?? ''),
      'a running worker needs no second one',
    );
    await pool.query('DELETE FROM reembed.worker');
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
    await pool.query(
      `INSERT INTO reembed.provider_minute SELECT now() - i * interval '1 minute', to_model, 50, i % 7, (i % 9 = 0)::int, 50 * (0.2 + i % 4 * 0.1), 1 + i % 5
         FROM reembed.campaign, generate_series(1, 50) AS i`,
    );
    await until(
      () => page.evaluate<boolean>('/1 open alert(?!s)/.test(document.querySelector("#announcement").textContent)'),
      'the alert is announced',
    );
    await stage.work();
    await until(() => page.evaluate<boolean>('document.querySelector("progress").value === 100'), 'a full progress bar');

    await openAllByKeyboard(page);
    await until(
      () =>
        page.evaluate<boolean>('document.querySelector("[aria-label^=\\"Messages about failed rows\\"]").textContent.includes("quoted")'),
      'the messages are shown',
    );
    t.deepEqual(await page.evaluate('[...document.querySelectorAll("figcaption")].map(({ textContent }) => textContent.slice(0, 20))'), [
      'Rows per second',
      'Searches, 95th perce',
      'Answers of new-model',
      'Requests of new-mode',
    ]);
    t.true((await page.textContent('#comparison'))?.includes('better-model: worth it'));
    t.is(await page.evaluate('document.querySelectorAll("img").length'), 0);
    t.is(await page.evaluate('window.ran'), undefined);
    t.true((await page.textContent('main'))?.includes(POISON));

    await assertUsable(t, page, 'ui');
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
