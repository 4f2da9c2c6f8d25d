import { html, raw } from 'hono/html';
import { STYLE } from './style.ts';
import type { Html } from './table.ts';

/** First lines of every page, by which a file is recognized as one. */
export const FIRST_LINES = '<!doctype html>\n<!-- A report of pg-reembed. -->\n';

// Second line of defence behind the escaping: the page runs no script and loads nothing.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Renders a page as one self-contained HTML file: it needs no script, font or image file. */
export async function standalonePage({
  title,
  header,
  main,
  footer,
}: {
  title: Html;
  header: Html;
  main: Html;
  footer: Html;
}): Promise<string> {
  const page = await html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}
</main>
<footer>
${footer}
</footer>
</body>
</html>`;
  return `${FIRST_LINES}${page}\n`;
}
