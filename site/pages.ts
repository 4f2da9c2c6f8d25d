import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the project. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Name of each generated page, under which `writeReference` writes it. */
export const GENERATED = ['commands', 'settings', 'objects', 'errors'] as const;
export type Generated = (typeof GENERATED)[number];

const generated = (name: Generated) => `site/reference/${name}.md`;

/** The pages of the site in the order of its menu: files of the project, and those that are generated from the code. */
const SECTIONS: Record<string, readonly string[]> = {
  Start: [
    'docs/tutorial.md',
    'docs/how-to.md',
    'docs/concepts.md',
    'docs/faq.md',
    'docs/production-checklist.md',
    'docs/limits.md',
    'docs/vocabulary.md',
  ],
  Migrate: [
    'docs/runbook.md',
    'docs/compare.md',
    'docs/bridge.md',
    'docs/validation.md',
    'docs/providers.md',
    'docs/batch-api.md',
    'docs/text-from.md',
    'docs/parts-of-a-table.md',
    'docs/partitions.md',
    'docs/table-groups.md',
    'docs/chroma.md',
  ],
  'In the application': ['docs/reading.md', 'clients/typescript/README.md', 'docs/recipes/README.md'],
  Recipes: [],
  Operate: ['docs/deploying.md', 'docs/monitoring.md', 'docs/ui.md'],
  Reference: ['docs/reference.md', generated('commands'), generated('settings'), generated('objects'), generated('errors')],
  Background: [
    'docs/architecture.md',
    'docs/performance.md',
    'docs/reliability.md',
    'docs/security.md',
    'docs/attacks.md',
    'SECURITY.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
  ],
};

// Where the heading of a page is too long for a menu.
const SHORT_TITLES: Record<string, string> = {
  'clients/typescript/README.md': 'The client',
  'docs/chroma.md': 'From ChromaDB',
  'docs/deploying.md': 'Deploying',
  'docs/reading.md': 'Searching',
  'docs/recipes/README.md': 'Recipes, an overview',
  'docs/reference.md': 'Overview',
  'docs/tutorial.md': 'Tutorial',
  'docs/ui.md': 'The page of reembed ui',
};

// Whatever else is in the root of the project.
const PATHS: Record<string, string> = {
  'CHANGELOG.md': 'changelog',
  'CONTRIBUTING.md': 'contributing',
  'README.md': 'index',
  'SECURITY.md': 'reporting',
  'clients/typescript/README.md': 'client',
  'docs/recipes/README.md': 'recipes/index',
  'site/home.md': 'index',
};

/** An entry of the menu. */
export interface MenuItem {
  text: string;
  link: string;
}

/** A part of the menu. */
export interface MenuSection {
  text: string;
  items: MenuItem[];
}

/** Source file of every page, apart from those that are generated. A page of docs/ that no section names is a page, too. */
export function pageSources(): string[] {
  return ['site/home.md', ...Object.values(sections()).flat()].filter((source) => !isGenerated(source));
}

/** Path of a page on the site, without extension. */
export function pathOf(source: string): string {
  return PATHS[source] ?? source.replace(/^(docs|site)\//, '').replace(/\.md$/, '');
}

/** The menu, with the heading of each page. */
export function menu(headingOf: (source: string) => string): MenuSection[] {
  return Object.entries(sections()).map(([text, sources]) => ({
    text,
    items: sources.map((source) => ({ text: SHORT_TITLES[source] ?? headingOf(source), link: `/${pathOf(source)}` })),
  }));
}

/** First heading of a page. */
export function headingIn(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1] ?? '';
}

/** Text of a file of the project. */
export function readSource(source: string): string {
  return readFileSync(join(ROOT, source), 'utf8');
}

function isGenerated(source: string): boolean {
  return GENERATED.some((name) => source === generated(name));
}

/** The sections with every page of docs/: a new one is in the last section until it has a place. */
function sections(): Record<string, readonly string[]> {
  const recipes = globSync('docs/recipes/*.md', { cwd: ROOT })
    .filter((source) => !source.endsWith('README.md'))
    .sort();
  const named = new Set([...Object.values(SECTIONS).flat(), ...recipes]);
  const others = globSync('docs/*.md', { cwd: ROOT })
    .filter((source) => !named.has(source))
    .sort();
  return { ...SECTIONS, Recipes: recipes, ...(others.length > 0 ? { More: others } : {}) };
}
