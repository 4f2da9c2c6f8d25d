import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';

// Written by collect.ts, with the pages.
const sidebar = JSON.parse(readFileSync(fileURLToPath(new URL('../collected/menu.json', import.meta.url)), 'utf8'));

export default defineConfig({
  title: 'pg-reembed',
  description: 'Change the embedding model under a live PostgreSQL + pgvector table, with a rollback at every step.',
  lang: 'en-GB',
  base: process.env.SITE_BASE ?? '/',
  srcDir: 'collected',
  outDir: 'dist',
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${process.env.SITE_BASE ?? '/'}icon.svg` }]],
  // Anchors are those of the repository host, where the same pages are read.
  markdown: {
    anchor: { slugify: slug },
    // The contrast of comments in the usual themes is too low.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    // An indented block of code is drawn as one between fences, in a box that scrolls; else a long line would widen the page.
    config(md) {
      md.renderer.rules.code_block = (...block) => md.renderer.rules.fence?.(...block) ?? '';
    },
  },
  // The index of the search, and the page of all SQL objects.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'How to', link: '/how-to' },
      { text: 'Runbook', link: '/runbook' },
      { text: 'Reference', link: '/reference' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: false, next: false },
  },
});
