import test from 'ava';
import { assertUsable, openPage } from './harness/browser.ts';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_MODEL } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';
import { startUi } from './harness/ui.ts';

const TARGET = 'public.documents.embedding';

if (process.env.TEST_CHROMIUM) {
  const executablePath = process.env.TEST_CHROMIUM;
  test('a person pauses and switches by keyboard alone, sees the gate and every refusal, and is understood by everybody', async (t) => {
    t.timeout(180_000);
    const stage = await createStage();
    t.teardown(() => stage.close());
    const { pool } = stage.db;
    await createDocuments(pool, 300);
    const campaign = await stage.createUsual();
    await stage.bring(campaign, 'index');
    const ui = await startUi(stage.workplace, ['--allow-changes']);
    const { page, said } = await openPage(t, executablePath, ui.address);
    const { keyboard } = page;
    const setting = async () => (await pool.query('SELECT paused, paused_reason, read_model FROM reembed.setting')).rows[0];
    const shows = (selector: string, text: string) =>
      until(
        () => page.evaluate<boolean>(`!!document.querySelector('${selector}')?.textContent.includes('${text}')`),
        `${text} in ${selector}`,
        20,
      );
    /** Presses Tab until the button has the focus, then Enter. */
    const press = async (button: string) => {
      for (let presses = 0; presses < 60; presses++) {
        if (await page.evaluate<boolean>(`document.activeElement.matches('button') && document.activeElement.textContent === '${button}'`))
          return keyboard.press('Enter');
        await keyboard.press('Tab');
      }
      throw new Error(`no button ${button} by keyboard`);
    };

    await shows('.changes', 'Pause');
    await press('Pause');
    await shows('dialog h2', `Pause: ${TARGET}`);
    t.is(await page.evaluate('document.activeElement.parentElement.textContent'), 'Reason, for the audit');
    await keyboard.type('nightly dump');
    await keyboard.press('Tab');
    await keyboard.type('documents');
    await keyboard.press('Enter');
    await shows('.failure', TARGET);
    t.is((await setting()).paused, false);
    await page.evaluate('document.activeElement.select()');
    await keyboard.type(TARGET);
    await keyboard.press('Enter');
    await shows('.changes', `${TARGET} is paused`);
    t.like(await setting(), { paused: true, paused_reason: 'nightly dump' });
    t.is(await page.evaluate('document.activeElement.tagName'), 'H2');

    await shows('.changes', 'Resume');
    await press('Switch');
    await shows('dialog .next', 'have not been compared');
    t.true(await page.evaluate('document.querySelector("dialog [type=submit]").disabled'));
    await assertUsable(t, page, 'ui-closed-gate');
    await keyboard.press('Escape');
    await until(() => page.evaluate<boolean>('document.querySelector("dialog") === null'), 'a closed dialog');
    t.is(await page.evaluate('document.activeElement.textContent'), 'Switch');

    await stage.pass(campaign);
    await press('Switch');
    await shows('dialog .next', 'The gate is open.');
    await keyboard.type('validated');
    await keyboard.press('Tab');
    await keyboard.type(TARGET);
    await keyboard.press('Enter');
    await shows('.changes', `reads ${NEW_MODEL}`);
    t.is((await setting()).read_model, NEW_MODEL);
    await shows('.changes', 'Roll back');
    await assertUsable(t, page, 'ui-changes');
    // The browser itself reports the refused confirmation.
    t.deepEqual(
      said.filter((line) => !/status of 400/.test(line)),
      [],
    );
  });
} else {
  test('changes are made in a browser where TEST_CHROMIUM names one', (t) => {
    t.is(process.env.TEST_CHROMIUM, undefined);
  });
}
