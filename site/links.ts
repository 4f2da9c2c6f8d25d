import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathOf, ROOT } from './pages.ts';

/** A page links to a file that is not in the project. */
export class NoSuchFile extends Error {
  constructor(source: string, target: string) {
    super(`${source} links to ${target}, which is no file`);
  }
}

/** What a text links to beside pages. */
export interface Linked {
  /** files of the project that a page shows as text, such as an SQL script */
  listings: Set<string>;
  pictures: Set<string>;
}

// Blocks and spans of code: what looks like a link there is none.
const CODE = /(^```[\s\S]*?^```[ \t]*$|`(?:[^`\n]|\n(?!\n))+`)/m;
const LINK = /(\]\()([^)\s]+)(?=\))/g;
const IS_PICTURE = /\.(svg|png|webp)$/;

/**
 * A page as the site has it: links are between pages of the site, and pictures are files of the site.
 *
 * @param source file that the text is from
 * @param pages sources of all pages
 * @param linked gets what else the text links to
 * @throws NoSuchFile
 */
export function withSiteLinks(text: string, source: string, pages: ReadonlySet<string>, linked: Linked): string {
  const rewritten = (part: string) =>
    part.replace(LINK, (_, before: string, target: string) => before + siteLink(target, source, pages, linked));
  return text
    .split(CODE)
    .map((part, position) => (position % 2 === 0 ? rewritten(part) : part))
    .join('');
}

function siteLink(target: string, source: string, pages: ReadonlySet<string>, linked: Linked): string {
  if (/^([a-z]+:|#|\/)/.test(target)) return target;
  const [path = '', anchor] = target.split('#');
  const file = posix.join(posix.dirname(source), path);
  if (!existsSync(join(ROOT, file)) || !statSync(join(ROOT, file)).isFile()) throw new NoSuchFile(source, target);
  if (IS_PICTURE.test(file)) {
    linked.pictures.add(file);
    return `/pictures/${file}`;
  }
  const after = anchor === undefined ? '' : `#${anchor}`;
  if (pages.has(file) || file === 'README.md') return `/${pathOf(file)}.md${after}`;
  linked.listings.add(file);
  return `/${listingPath(file)}.md${after}`;
}

/** Path on the site of the page that shows a file. */
export function listingPath(file: string): string {
  return `files/${file.replaceAll(/[^\w/-]+/g, '-')}`;
}

const LANGUAGES: Record<string, string> = { sql: 'sql', json: 'json', yml: 'yaml', yaml: 'yaml', service: 'ini' };

/** The page that shows a file. */
export function listingPage(file: string, text: string): string {
  const language = LANGUAGES[posix.extname(file).slice(1)] ?? (file.endsWith('Dockerfile') ? 'docker' : 'text');
  return `---\nsearch: false\n---\n\n# ${file}\n\nA file of the project.\n\n\`\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\`\n`;
}
