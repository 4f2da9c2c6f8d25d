import { fileURLToPath } from 'node:url';

// Valid from src/ in a checkout and from dist/ in an installed package: both are one level below the root.
const root = new URL('../', import.meta.url);

/** Folder of this package's own migrations. */
export const OWN_MIGRATIONS = fileURLToPath(new URL('migrations', root));

/** Folder of the current SQL objects. */
export const SQL_OBJECTS = fileURLToPath(new URL('sql', root));

/** Folder of the page that `reembed ui` serves. */
export const UI_PAGE = fileURLToPath(new URL('src/ui/page', root));
