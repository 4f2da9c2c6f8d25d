import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Linked, listingPage, listingPath, withSiteLinks } from './links.ts';
import { headingIn, menu, pageSources, pathOf, ROOT, readSource } from './pages.ts';
import { referencePages } from './reference/pages.ts';

/** Folder that VitePress builds. Git ignores it. */
export const COLLECTED = join(ROOT, 'site/collected');

/**
 * Puts everything that the site consists of into one folder: the pages of the project, where they can be read as they are, with links
 * that fit the site; the pages that are generated from the code; the files that they link to; pictures; and the menu.
 *
 * @throws NoSuchFile when a page links to a file that is not there
 */
export async function collectPages(): Promise<void> {
  const sources = pageSources();
  const linked: Linked = { listings: new Set(), pictures: new Set() };
  const known = new Set(sources);
  const reference = await referencePages();
  const files = new Map<string, string | Buffer>([['public/icon.svg', readFileSync(join(ROOT, 'site/icon.svg'))]]);
  for (const source of sources) files.set(`${pathOf(source)}.md`, withSiteLinks(readSource(source), source, known, linked));
  for (const [source, text] of reference) files.set(`${pathOf(source)}.md`, withSiteLinks(text, source, known, linked));
  for (const file of linked.listings) files.set(`${listingPath(file)}.md`, listingPage(file, readSource(file)));
  for (const file of linked.pictures) files.set(`public/pictures/${file}`, readFileSync(join(ROOT, file)));
  const headings = menu((source) => headingIn(reference.get(source) ?? readSource(source)));
  files.set('menu.json', `${JSON.stringify(headings, null, 2)}\n`);
  replaceFiles(files);
}

/** Writes only what differs, so that a server that watches the folder renders only what changed. */
function replaceFiles(files: ReadonlyMap<string, string | Buffer>): void {
  for (const file of globSync('**/*', { cwd: COLLECTED, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (file.isFile() && !files.has(path.slice(COLLECTED.length + 1))) rmSync(path);
  }
  for (const [file, content] of files) {
    const path = join(COLLECTED, file);
    if (existsSync(path) && readFileSync(path).equals(Buffer.from(content))) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
