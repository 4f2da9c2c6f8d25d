import type { Queryable } from '../../database/connection.ts';
import type { TableFacts } from '../inspect.ts';
import { catalogQuery } from './catalog-query.ts';
import type { InventoryFinding, Subject } from './finding.ts';

interface Publication {
  publication: string;
  is_of_all_tables: boolean;
  sends_new_columns: boolean;
  sends_updates: boolean;
}

interface SubscriberHarm {
  code: 'subscribers-lack-columns' | 'subscribers-lack-tables';
  storage: 'column' | 'side_table';
  evidence: { publications: string[]; subscribers: string[] };
}

/** Publications that send the table, their native subscribers, and the replica identity. */
export const publications: Subject = async ({ db, facts }) => {
  const published = await db.query<Publication>(
    `SELECT p.publication, p.is_of_all_tables, p.sends_new_columns, p.sends_updates
       FROM (${catalogQuery('publications_of')}) AS p(publication, is_of_all_tables, is_of_schema, sends_new_columns, sends_updates)`,
    [facts.oid],
  );
  if (published.rows.length === 0) return [];
  const harms = await db.query<SubscriberHarm>(`SELECT h.* FROM (${catalogQuery('subscriber_harms')}) AS h(code, storage, evidence)`, [
    facts.oid,
  ]);
  const schemas = await ownSchemas(db);
  return [
    note(published.rows),
    ...(await replicaIdentity(db, facts, published.rows)),
    ...harms.rows.map((harm) => (harm.code === 'subscribers-lack-columns' ? lackColumns(harm) : lackTables(harm, schemas))),
  ];
};

function note(published: Publication[]): InventoryFinding {
  return {
    code: 'publications',
    what: `published by ${published.map(({ publication, is_of_all_tables: all }) => `${publication}${all ? ' (all tables)' : ''}`).join(', ')}`,
    consequence: 'every stored vector is sent as an update of its row; change data capture sees the new columns as they appear',
    avoid: '--storage side-table, which sends the table’s own changes only, unless the publication has the side table too',
    severity: 'note',
    evidence: { publications: published.map(({ publication }) => publication) },
    storage: 'column',
  };
}

async function replicaIdentity(db: Queryable, facts: TableFacts, published: Publication[]): Promise<InventoryFinding[]> {
  if (!published.some(({ sends_updates: sends }) => sends)) return [];
  const { rows } = await db.query<{ identity: string; usable: boolean }>(
    `SELECT c.relreplident AS identity,
            c.relreplident IN ('d', 'f') OR EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisreplident AND i.indisvalid) AS usable
       FROM pg_class AS c WHERE c.oid = $1`,
    [facts.oid],
  );
  const { identity, usable } = rows[0] ?? {};
  if (usable === false) {
    return [
      {
        code: 'no-replica-identity',
        what: `${facts.table} is published and has no replica identity`,
        consequence: 'PostgreSQL refuses every update of it, so that no vector can be stored in a column',
        avoid: `ALTER TABLE ${facts.qualified} REPLICA IDENTITY DEFAULT; or --storage side-table`,
        severity: 'refusal',
        evidence: {},
        storage: 'column',
      },
    ];
  }
  if (identity !== 'f') return [];
  return [
    {
      code: 'replica-identity-full',
      what: `${facts.table} has REPLICA IDENTITY FULL`,
      consequence: 'every stored vector writes the whole old row to the write-ahead log, old vector included, and sends it',
      avoid: `--storage side-table; or ALTER TABLE ${facts.qualified} REPLICA IDENTITY DEFAULT, if subscribers do not need old rows`,
      severity: 'note',
      evidence: {},
      storage: 'column',
    },
  ];
}

/** The statements are printed by create once the names of the new columns are known. */
function lackColumns({ code, evidence }: SubscriberHarm): InventoryFinding {
  return {
    code,
    what: `${evidence.publications.join(', ')} has native subscribers: ${evidence.subscribers.join(', ')}`,
    consequence:
      'logical replication carries no DDL: each stops at the first row with a column that it lacks, and keeps the write-ahead log',
    avoid: `--storage side-table; or add the columns on each subscriber first, then --accept ${code} --reason "added"`,
    severity: 'refusal',
    evidence: { ...evidence },
    storage: 'column',
    before: 'expand',
  };
}

/** Quoted names of the schemas with tables that are neither PostgreSQL's nor the toolkit's. */
async function ownSchemas(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ names: string }>(
    `SELECT string_agg(DISTINCT quote_ident(n.nspname), ', ') AS names FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'reembed', 'reembed_queue') AND n.nspname !~ '^pg_'`,
  );
  return rows[0]?.names ?? 'public';
}

function lackTables({ code, storage, evidence }: SubscriberHarm, schemas: string): InventoryFinding {
  return {
    code,
    what: `${evidence.publications.join(', ')} sends tables of pg-reembed to native subscribers: ${evidence.subscribers.join(', ')}`,
    consequence: 'each stops at the first row of a table that it lacks, and keeps the write-ahead log',
    avoid: `CREATE PUBLICATION own_tables FOR TABLES IN SCHEMA ${schemas} here, then ALTER SUBSCRIPTION … SET PUBLICATION own_tables on each subscriber; or create the tables of schemas reembed and reembed_queue there whenever a phase has added one (pg_dump --schema-only), and --accept ${code} --reason "created"`,
    severity: 'refusal',
    evidence: { ...evidence },
    storage: storage === 'column' ? 'column' : 'side-table',
    before: 'expand',
  };
}
