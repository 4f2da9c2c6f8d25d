import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import test from 'ava';
import { chromium, type Page } from 'playwright-core';
import { build } from 'vitepress';
import { faultsOf } from '../site/check.ts';
import { collectPages } from '../site/collect.ts';
import { NoSuchFile, withSiteLinks } from '../site/links.ts';
import { pageSources, pathOf, ROOT } from '../site/pages.ts';
import { referencePages } from '../site/reference/pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'reembed-site-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test('links to pages, sections, files and pictures of the project are links of the site; code is left as it is', (t) => {
  const linked = { listings: new Set<string>(), pictures: new Set<string>() };
  const rewritten = (text: string, source = 'docs/recipes/django.md') =>
    withSiteLinks(text, source, new Set(['docs/reading.md', 'docs/recipes/README.md']), linked);
  t.is(
    rewritten('[a](../reading.md#canary), [b](README.md), [c](#d), [e](https://example.com)'),
    '[a](/reading.md#canary), [b](/recipes/index.md), [c](#d), [e](https://example.com)',
  );
  t.is(rewritten('[a](../worker-role.sql) ![b](../phases.svg)'), '[a](/files/docs/worker-role-sql.md) ![b](/pictures/docs/phases.svg)');
  t.is(rewritten('`[a](b.md)`\n\n```md\n[a](b.md)\n```\n'), '`[a](b.md)`\n\n```md\n[a](b.md)\n```\n');
  t.deepEqual([[...linked.listings], [...linked.pictures]], [['docs/worker-role.sql'], ['docs/phases.svg']]);
  t.throws(() => rewritten('[a](gone.md)'), { instanceOf: NoSuchFile, message: /docs\/recipes\/django\.md links to gone\.md/ });
});

test('the reference has every command with its options, every setting, view and function, and every error with its remedy', async (t) => {
  const pages = await referencePages();
  const page = (name: string) => pages.get(`site/reference/${name}.md`) ?? '';
  t.regex(page('commands'), /^### migrate create$[^#]*^\| `--table <name>` \| /m);
  t.regex(page('commands'), /^## worker$[^#]*`--listen/m);
  t.regex(page('settings'), /^\| `soak` \| interval \| `7 days` \| How long the new model/m);
  t.regex(page('objects'), /^### progress$\n\nProgress of every campaign\.\n\n[^#]*^\| `eta` \| Expected time left/m);
  t.regex(
    page('objects'),
    /^### active\\?_model$\n\n`reembed\.active_model\(p_target text DEFAULT NULL::text\) → text`\n\nThe model that the live view/m,
  );
  t.regex(
    page('errors'),
    /^### no_such_table$\n\nWhen the table does not exist\.\n\n- Message: there is no table \*table\*\n- Remedy: tables with a vector column: …\n- Remedy: no table of this database/m,
  );
  t.regex(page('errors'), /^### RE002: wrong_model$[^#]*Embed the query with … and search again\./m);
});

/** Builds the site once for all tests that need it. */
let building: Promise<void> | undefined;
function builtSite(): Promise<void> {
  building ??= collectPages().then(() => build(join(ROOT, 'site'), { outDir: folder }));
  return building;
}

test('the built site has every page, no dead link or anchor, and loads nothing from elsewhere', async (t) => {
  t.timeout(240_000);
  await builtSite();
  for (const source of [...pageSources(), ...(await referencePages()).keys()])
    t.true(existsSync(join(folder, `${pathOf(source)}.html`)), source);
  t.deepEqual(faultsOf(folder), []);
});

// With TEST_CHROMIUM=/usr/bin/chromium; with TEST_SCREENSHOTS=folder the pictures are kept.
if (process.env.TEST_CHROMIUM) {
  const executablePath = process.env.TEST_CHROMIUM;
  test('pages in a browser are usable by everybody, can be searched, and ask no other host for anything', async (t) => {
    t.timeout(240_000);
    await builtSite();
    const { address, close } = await serve(folder);
    t.teardown(close);
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    t.teardown(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(90_000);
    const [requests, said]: [string[], string[]] = [[], []];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => said.push(`${page.url()}: ${message.text()}`));
    page.on('pageerror', (error) => said.push(`${page.url()}: ${error.message}`));

    for (const path of ['index', 'concepts', 'reference/settings']) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.goto(`${address}/${path}.html`);
        t.deepEqual(await violations(page), [], `${path} ${colorScheme}`);
        const screenshots = process.env.TEST_SCREENSHOTS;
        if (screenshots) await page.screenshot({ path: join(screenshots, `site-${path.replace('/', '-')}-${colorScheme}.png`) });
      }
    }
    await page.setViewportSize({ width: 420, height: 900 });
    for (const path of ['architecture', 'batch-api', 'validation']) {
      await page.goto(`${address}/${path}.html`);
      t.true(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${path} is wider than a telephone`);
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.keyboard.press('Control+k');
    await page.fill('#localsearch-input', 'max_read_slowdown');
    await page.waitForSelector('.VPLocalSearchBox .result');
    t.regex((await page.textContent('.VPLocalSearchBox .results')) ?? '', /What slows the backfill/);
    t.deepEqual([...new Set(requests.map((url) => new URL(url).host))], [new URL(address).host]);
    t.deepEqual(said, []);
  });
} else {
  test('the site is looked at in a browser where TEST_CHROMIUM names one', (t) => {
    t.is(process.env.TEST_CHROMIUM, undefined);
  });
}

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Serves the files of a folder. */
async function serve(root: string): Promise<{ address: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = join(root, new URL(request.url ?? '/', 'http://localhost').pathname);
    if (!existsSync(path)) response.writeHead(404).end();
    else response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  return page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ")))',
  );
}
