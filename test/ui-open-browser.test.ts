import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { assertUsable, openPage } from './harness/browser.ts';
import { createDocuments, NEW_MODEL } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';
import { startUi } from './harness/ui.ts';

if (process.env.TEST_CHROMIUM) {
  const executablePath = process.env.TEST_CHROMIUM;
  test('a link of another site opens the page, which tells two targets apart for everybody', async (t) => {
    t.timeout(120_000);
    const stage = await createStage();
    t.teardown(() => stage.close());
    const { pool } = stage.db;
    for (const table of ['documents', 'others']) {
      await createDocuments(pool, 5, { table });
      await stage.bring(await stage.createUsual(table), 'backfill');
    }
    await pool.query(
      `INSERT INTO reembed.failed_row (target, key, model, class, message, words)
       SELECT name, '{"id": 1}', $1, 'input_rejected', 'refused', 'quoted' FROM reembed.target`,
      [NEW_MODEL],
    );
    const ui = await startUi(stage.workplace);
    // Such as a terminal in a browser, which makes links of addresses.
    const terminal = createServer((_, answer) => {
      answer.setHeader('Content-Type', 'text/html').end(`<a href="${ui.address}">${ui.address}</a>`);
    }).listen(0, '127.0.0.1');
    t.teardown(() => terminal.close());
    await once(terminal, 'listening');
    const { page, said } = await openPage(t, executablePath, `http://localhost:${(terminal.address() as AddressInfo).port}/`);
    await page.click('a');
    await page.waitForSelector('article:nth-of-type(2) progress', { timeout: 20_000 });
    t.is(page.url(), `http://127.0.0.1:${ui.port}/`);
    await page.evaluate('document.querySelectorAll("details").forEach((part) => { part.open = true; })');
    await assertUsable(t, page, 'ui-two-targets');
    t.deepEqual(said, []);
    await page.goBack();
    t.notRegex(page.url(), /token/);
  });
} else {
  test('the page is opened in a browser where TEST_CHROMIUM names one', (t) => {
    t.is(process.env.TEST_CHROMIUM, undefined);
  });
}
