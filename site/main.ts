import { watch } from 'node:fs';
import { join } from 'node:path';
import { build, createServer } from 'vitepress';
import { faultsOf } from './check.ts';
import { collectPages } from './collect.ts';
import { ROOT } from './pages.ts';

// `npm run docs:build` writes the site to site/dist and checks its links; `npm run docs:dev` serves it, renewed as pages of docs/ change.
const SITE = join(ROOT, 'site');
const [verb] = process.argv.slice(2);

await collectPages();
if (verb === 'dev') {
  const server = await createServer(SITE);
  await server.listen();
  server.printUrls();
  watch(join(ROOT, 'docs'), { recursive: true }, () => void collectPages().catch((error: Error) => console.error(error.message)));
} else {
  await build(SITE);
  const faults = faultsOf(join(SITE, 'dist'));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
