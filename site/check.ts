import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LinkChecker } from 'linkinator';

// What a browser loads without being asked: links that a reader follows may lead anywhere.
const LOADED =
  /<(?:script|img|iframe|source|link)\b[^>]*?\s(?:src|href)="((?:https?:)?\/\/[^"]+)"|(?:url\(|@import\s*)["']?((?:https?:)?\/\/[^"')]+)/g;

/**
 * What is wrong with a built site: links and anchors that lead nowhere, and files that would be loaded from elsewhere.
 *
 * @param folder that VitePress has built
 */
export async function faultsOf(folder: string): Promise<string[]> {
  const { links } = await new LinkChecker().check({
    path: folder,
    recurse: true,
    checkFragments: true,
    linksToSkip: async (url) => !new URL(url).hostname.includes('localhost'),
  });
  const dead = links
    .filter(({ state }) => state === 'BROKEN')
    .map(
      ({ url, parent, status }) =>
        `${new URL(parent ?? url).pathname} links to ${url.replace(/^https?:\/\/[^/]+/, '')}, which is not there (${status})`,
    );
  return [...dead, ...loadedFromElsewhere(folder)];
}

function loadedFromElsewhere(folder: string): string[] {
  return globSync('**/*.{html,css}', { cwd: folder }).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(LOADED)].map(([, attribute, style]) => `${file} loads ${attribute ?? style}`),
  );
}
