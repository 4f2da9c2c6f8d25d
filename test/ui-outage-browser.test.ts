import test from 'ava';
import { openPage } from './harness/browser.ts';
import { until } from './harness/campaign.ts';
import { createDocuments } from './harness/documents.ts';
import { openLink } from './harness/link.ts';
import { createStage } from './harness/stage.ts';
import { startUi } from './harness/ui.ts';

if (process.env.TEST_CHROMIUM) {
  const executablePath = process.env.TEST_CHROMIUM;
  test('what is old is called old, and a change by somebody else leaves the keyboard where it was', async (t) => {
    t.timeout(120_000);
    const stage = await createStage();
    t.teardown(() => stage.close());
    const { pool } = stage.db;
    await createDocuments(pool, 20);
    await stage.bring(await stage.createUsual(), 'index');
    const link = await openLink(stage.db.url);
    t.teardown(() => link.cut());
    const ui = await startUi(stage.workplace, ['--allow-changes'], { DATABASE_URL: link.url });
    const { page } = await openPage(t, executablePath, ui.address);
    const shows = (selector: string, text: string) =>
      until(() => page.evaluate<boolean>(`!!document.querySelector('${selector}')?.textContent.includes('${text}')`), text, 30);
    const focused = () => page.evaluate('document.activeElement.textContent');

    await shows('.changes', 'Set canary');
    await page.focus('.changes button:nth-of-type(2)');
    t.is(await focused(), 'Set canary');
    await pool.query("SELECT reembed.pause('documents', 'by another person')");
    await shows('.changes', 'Resume');
    t.is(await focused(), 'Set canary');
    await page.focus('.changes button:nth-of-type(1)');
    t.is(await focused(), 'Resume');
    await pool.query("SELECT reembed.resume('documents')");
    await shows('.changes', 'Pause');
    t.is(await page.evaluate('document.activeElement.tagName'), 'H2');

    ui.child.kill('SIGSTOP');
    await shows('#connection', 'No new state has come. What is shown is of ');
    ui.child.kill('SIGCONT');
    await until(() => page.evaluate<boolean>('document.querySelector("#connection").textContent === ""'), 'a state after a halt', 30);
    link.cut();
    await shows('#targets', 'no database answers');
    await shows('#connection', 'What is shown is of ');
    await link.fix();
    await until(() => page.evaluate<boolean>('document.querySelector("#connection").textContent === ""'), 'a state of now', 30);
    t.false((await page.textContent('#targets'))?.includes('no database answers'));
    ui.child.kill('SIGKILL');
    await shows('#connection', 'What is shown is of ');
  });
} else {
  test('an outage is looked at in a browser where TEST_CHROMIUM names one', (t) => {
    t.is(process.env.TEST_CHROMIUM, undefined);
  });
}
