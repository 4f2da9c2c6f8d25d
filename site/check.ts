import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const LINK = /<a\b[^>]*?\shref="([^"]+)"/g;
const ID = /\sid="([^"]+)"/g;
// What a browser loads without being asked: links that a reader follows may lead anywhere.
const LOADED =
  /<(?:script|img|iframe|source|link)\b[^>]*?\s(?:src|href)="((?:https?:)?\/\/[^"]+)"|(?:url\(|@import\s*)["']?((?:https?:)?\/\/[^"')]+)/g;

/**
 * What is wrong with a built site: links to pages and sections that are not there, and files that would be loaded from elsewhere.
 *
 * @param folder that VitePress has built
 */
export function faultsOf(folder: string): string[] {
  const texts = new Map(globSync('**/*.{html,css}', { cwd: folder }).map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
  const ids = new Map([...texts].map(([file, text]) => [file, new Set([...text.matchAll(ID)].map(([, id]) => id))]));
  return [...texts].flatMap(([file, text]) => [
    ...[...text.matchAll(LINK)].flatMap(([, link = '']) => (leadsSomewhere(link, file, ids) ? [] : [`${file} links to ${link}`])),
    ...[...text.matchAll(LOADED)].map(([, attribute, style]) => `${file} loads ${attribute ?? style}`),
  ]);
}

const HOST = 'http://site';
const BASE = process.env.SITE_BASE ?? '/';

/** VitePress checks pages only, and only those that a page names in Markdown. */
function leadsSomewhere(link: string, file: string, ids: ReadonlyMap<string, ReadonlySet<string | undefined>>): boolean {
  const { origin, pathname, hash } = new URL(link.replaceAll('&amp;', '&'), `${HOST}${BASE}${file}`);
  if (origin !== HOST) return true;
  const page = decodeURIComponent(pathname.slice(BASE.length)).replace(/(^|\/)$/, '$1index.html');
  return ids.has(page) && (hash === '' || (ids.get(page)?.has(decodeURIComponent(hash.slice(1))) ?? false));
}
