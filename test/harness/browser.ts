import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { chromium, type Page } from 'playwright-core';

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
const CONTRAST = readFileSync(new URL('page-contrast.js', import.meta.url), 'utf8');

/** A page in a browser with a profile of its own. */
export interface OpenPage {
  page: Page;
  /** addresses that the page asked for */
  requests: string[];
  /** what the page wrote to the console, its errors included */
  said: string[];
}

/** Opens an address in the browser of TEST_CHROMIUM, until the test ends. */
export async function openPage(t: ExecutionContext, executablePath: string, address: string): Promise<OpenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'reembed-ui-'));
  t.teardown(() => rmSync(profile, { recursive: true, force: true }));
  const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS });
  t.teardown(() => browser.close());
  const page = await browser.newPage();
  const [requests, said]: [string[], string[]] = [[], []];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  await page.goto(address);
  return { page, requests, said };
}

/** Checks a page for everybody, wide and narrow, light and dark. With TEST_SCREENSHOTS=folder the pictures are kept. */
export async function assertUsable(t: ExecutionContext, page: Page, subject: string): Promise<void> {
  for (const width of [1280, 420]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const name = `${subject}-${width}-${colorScheme}`;
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      t.true(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name} is wider than the page`);
      t.deepEqual(await page.evaluate(CONTRAST), [], name);
      t.deepEqual(await violations(page), [], name);
      const folder = process.env.TEST_SCREENSHOTS;
      if (folder) await page.screenshot({ fullPage: true, path: join(folder, `${name}.png`) });
    }
  }
}

async function violations(page: Page): Promise<string[]> {
  // Evaluated from outside: the policy of the page would refuse to load it.
  await page.evaluate(AXE);
  return page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))',
  );
}
