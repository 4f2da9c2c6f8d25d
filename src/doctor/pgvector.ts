import { type Check, error, ok, type Verdict, warn } from './check.ts';

interface Extension {
  installed: string | null;
  /** version of the files on the server */
  available: string | null;
  major: number;
  /** whether this role may create the extension */
  creatable: boolean;
}

const SAFE = '0.8.7';

const pgvector: Check = {
  name: 'pgvector',
  async run({ db }) {
    const { rows } = await db.query<Extension>(
      `SELECT e.extversion AS installed, a.default_version AS available, current_setting('server_version_num')::integer / 10000 AS major,
              coalesce((SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
                OR (v.trusted AND has_database_privilege(current_database(), 'CREATE')), false) AS creatable
         FROM (SELECT) AS one
         LEFT JOIN pg_extension AS e ON e.extname = 'vector'
         LEFT JOIN pg_available_extensions AS a ON a.name = 'vector'
         LEFT JOIN pg_available_extension_versions AS v ON v.name = 'vector' AND v.version = a.default_version`,
    );
    const extension = rows[0] as Extension;
    return extension.installed === null
      ? missing(extension)
      : judgeVersions(extension.installed, extension.available ?? extension.installed, extension.major);
  },
};

function missing({ available, major, creatable }: Extension): Verdict {
  const create = creatable ? 'CREATE EXTENSION vector' : 'as a superuser: CREATE EXTENSION vector';
  if (available !== null) return error(`pgvector ${available} is on the server, but not in this database`, create);
  return error('pgvector is not installed on the server', `${install(major)}; then, ${create}`);
}

/**
 * Judges versions of pgvector.
 *
 * @param installed version of the extension in the database, which determines the available types
 * @param files version of the library on the server, which determines its bugs
 */
export function judgeVersions(installed: string, files: string, major: number): Verdict {
  const update = 'ALTER EXTENSION vector UPDATE';
  const upgrade = `upgrade pgvector to ${SAFE} or newer (${install(major)}), then: ${update}`;
  if (isBelow(installed, '0.7.0')) return error(`pgvector ${installed} has no halfvec`, isBelow(files, SAFE) ? upgrade : update);
  // From pgvector's CHANGELOG.md.
  const faults = [
    isBelow(files, '0.8.0') && 'no hnsw.iterative_scan, so filtered searches may return too few rows',
    isBelow(files, '0.8.2') && 'CVE-2026-3172: a parallel HNSW build can leak data of other tables or crash the server',
    isBelow(files, '0.8.3') && 'VACUUM can damage an HNSW index',
    isBelow(files, '0.8.4') && 'VACUUM of an HNSW index and inserts during it can fail',
    isBelow(files, '0.8.7') && 'a buffer overflow in IVFFlat builds',
  ].filter((fault) => fault !== false);
  const version = installed === files ? installed : `${installed} (library ${files})`;
  const meanwhile = isBelow(files, '0.8.2') ? '; until then build with max_parallel_maintenance_workers = 0' : '';
  if (faults.length > 0) return warn(`pgvector ${version}: ${faults.join('; ')}`, upgrade + meanwhile);
  return ok(`pgvector ${version}`);
}

function install(major: number): string {
  return `package postgresql-${major}-pgvector of apt.postgresql.org, pgvector_${major} of yum.postgresql.org, or image pgvector/pgvector:pg${major}`;
}

function isBelow(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0;
}

/** Checks of the extension. */
export const pgvectorChecks: Check[] = [pgvector];
