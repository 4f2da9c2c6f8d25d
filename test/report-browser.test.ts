import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { chromium, type Page } from 'playwright-core';
import { createReportedCampaign, pageOf, validateReported } from './harness/report.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What page-layout.js finds. */
interface Layout {
  overflow: number;
  wide: string[];
  smallLetters: number;
  markup: number;
  unnamed: string[];
  unspoken: string[];
  scrolling: number;
  hiddenScroll: string[];
  headings: number[];
  ran: number | null;
}

// Not TypeScript: the types of a browser would be those of all our code.
const LAYOUT = readFileSync(new URL('harness/page-layout.js', import.meta.url), 'utf8');
const CONTRAST = readFileSync(new URL('harness/page-contrast.js', import.meta.url), 'utf8');

// With TEST_CHROMIUM=/usr/bin/chromium; with TEST_SCREENSHOTS=folder the pictures are kept.
if (process.env.TEST_CHROMIUM) {
  const executablePath = process.env.TEST_CHROMIUM;
  test('a browser shows a report without a network, wide and narrow, light and dark, and runs nothing of it', async (t) => {
    t.timeout(180_000);
    const { stage, campaign } = await createReportedCampaign(300);
    t.teardown(() => stage.close());
    await stage.bring(campaign, 'index');
    await validateReported(stage);
    await stage.db.pool.query(
      "INSERT INTO reembed.alert (target, campaign, kind, severity, message) SELECT target, name, 'latency', s, 'slow' FROM reembed.campaign, unnest(ARRAY['warning']) AS s",
    );
    await pageOf(stage, ['--with-text']);

    const profile = mkdtempSync(join(tmpdir(), 'reembed-browser-'));
    t.teardown(() => rmSync(profile, { recursive: true, force: true }));
    const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS, offline: true });
    t.teardown(() => browser.close());
    const [requests, said]: [string[], string[]] = [[], []];
    browser.on('request', (request) => requests.push(request.url()));
    const page = await browser.newPage();
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));

    const address = pathToFileURL(join(stage.workplace.directory, 'page.html')).href;
    const pictures = new Map<string, Buffer>();
    for (const width of [1280, 420]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const name = `${width}-${colorScheme}`;
        await open(page, address, width, colorScheme);
        const { headings, scrolling, ...seen } = await page.evaluate<Layout>(LAYOUT);
        t.deepEqual(
          seen,
          { overflow: 0, wide: [], smallLetters: 0, markup: 0, unnamed: [], unspoken: [], hiddenScroll: [], ran: null },
          name,
        );
        if (width === 420) {
          t.true(scrolling > 3, 'tables are wider than a phone');
          t.true((await scrolledByKeyboard(page)) > 0, name);
        }
        t.true(
          headings.every((level, i) => level <= (headings[i - 1] ?? 0) + 1),
          `${name}: ${headings}`,
        );
        t.deepEqual(await page.evaluate(CONTRAST), [], name);
        pictures.set(name, await screenshot(page, name));
      }
    }
    t.notDeepEqual(pictures.get('1280-light'), pictures.get('1280-dark'));
    t.deepEqual([...new Set(requests)], [address]);
    t.deepEqual(said, []);
  });
} else {
  test('a report is looked at in a browser where TEST_CHROMIUM names one', (t) => {
    t.is(process.env.TEST_CHROMIUM, undefined);
  });
}

async function open(page: Page, address: string, width: number, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  await page.goto(address);
  // Closed details have no layout.
  await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true');
}

/** Moves the first region that is wider than the page, with the keyboard alone; returns by how many pixels it scrolled. */
async function scrolledByKeyboard(page: Page): Promise<number> {
  const region = page.locator('.scroll[role=region]').first();
  await region.focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
  await page.waitForFunction('document.activeElement.scrollLeft > 0', undefined, { timeout: 5000 });
  return page.evaluate<number>('document.activeElement.scrollLeft');
}

function screenshot(page: Page, name: string): Promise<Buffer> {
  const folder = process.env.TEST_SCREENSHOTS;
  return page.screenshot({ fullPage: true, ...(folder ? { path: join(folder, `report-${name}.png`) } : {}) });
}
