import { FIRST_NAMES, type Names } from './application.ts';

export type Storage = 'column' | 'side-table';

/** Phase of the campaign when the table is changed; in `backfill` the backfill is half done. */
export type DdlPhase = 'backfill' | 'switch' | 'contract';

/**
 * Possible reactions of pg-reembed to a change of the table. follows: its work continues automatically, and every row gets its
 * vectors. refused: PostgreSQL refuses the change, and nothing changes. named: reembed.health names the damage and a command.
 */
export type Outcome = 'follows' | 'refused' | 'named';

/** A change of a table while an application writes to it. */
export interface DdlCase {
  name: string;
  /** the statements, for the name of the table or of its twin */
  ddl: (table: string) => string[];
  /** names that the application uses afterwards */
  names?: Partial<Names>;
  /** new names of vector columns, by their first names */
  vectors?: Record<string, string>;
  /** the correct outcomes, the preferred one first */
  outcomes: Outcome[];
  /** storages to try it with; all of them when left out */
  storages?: Storage[];
  phases?: DdlPhase[];
  /** run between reembed.unhook() and reembed.rehook(), in one transaction */
  unhooked?: boolean;
  /** PostgreSQL only runs it outside a transaction */
  alone?: boolean;
}

const BEFORE_CONTRACT: DdlPhase[] = ['backfill', 'switch'];

const side = (table: string) => `${table}_new_model_vectors`;
const change = (what: string) => (table: string) => [`ALTER TABLE ${table} ${what}`];
const renamed = (table: string) => `renamed_${table}`;

export const DDL_CASES: DdlCase[] = [
  {
    name: 'RENAME of the text column',
    ddl: change('RENAME content TO body'),
    names: { text: 'body' },
    outcomes: ['follows'],
  },
  {
    name: 'RENAME of the key column',
    ddl: change('RENAME id TO "the key"'),
    names: { key: '"the key"' },
    outcomes: ['follows'],
  },
  {
    name: 'RENAME of the old vector column',
    ddl: change('RENAME embedding TO old_vector'),
    vectors: { embedding: 'old_vector' },
    phases: BEFORE_CONTRACT,
    outcomes: ['follows'],
  },
  {
    name: 'RENAME of the new vector column',
    ddl: change('RENAME embedding_v2 TO new_vector'),
    vectors: { embedding_v2: 'new_vector' },
    storages: ['column'],
    phases: BEFORE_CONTRACT,
    outcomes: ['follows'],
  },
  {
    name: 'RENAME of the vector column that is left',
    ddl: change('RENAME embedding TO new_vector'),
    vectors: { embedding: 'new_vector' },
    storages: ['column'],
    phases: ['contract'],
    outcomes: ['follows'],
  },
  {
    name: 'RENAME of the table',
    ddl: (table) => [`ALTER TABLE ${table} RENAME TO ${renamed(table)}`],
    names: { table: renamed },
    outcomes: ['follows'],
  },
  {
    name: 'SET SCHEMA',
    ddl: change('SET SCHEMA elsewhere'),
    names: { table: (first) => `elsewhere.${first}` },
    outcomes: ['follows'],
  },
  { name: 'DROP COLUMN of the text', ddl: change('DROP COLUMN content'), outcomes: ['refused'] },
  { name: 'DROP COLUMN of the key', ddl: change('DROP COLUMN id'), outcomes: ['refused'] },
  {
    name: 'DROP COLUMN of the old vector',
    ddl: change('DROP COLUMN embedding'),
    phases: BEFORE_CONTRACT,
    outcomes: ['refused'],
  },
  {
    name: 'DROP COLUMN of the new vector',
    ddl: change('DROP COLUMN embedding_v2'),
    storages: ['column'],
    phases: BEFORE_CONTRACT,
    outcomes: ['refused'],
  },
  { name: 'DROP COLUMN of the text CASCADE', ddl: change('DROP COLUMN content CASCADE'), outcomes: ['named'] },
  { name: 'DROP COLUMN of the key CASCADE', ddl: change('DROP COLUMN id CASCADE'), outcomes: ['named'] },
  {
    name: 'DROP COLUMN of the old vector CASCADE',
    ddl: change('DROP COLUMN embedding CASCADE'),
    phases: BEFORE_CONTRACT,
    outcomes: ['named'],
  },
  {
    name: 'DROP COLUMN of the new vector CASCADE',
    ddl: change('DROP COLUMN embedding_v2 CASCADE'),
    storages: ['column'],
    phases: BEFORE_CONTRACT,
    outcomes: ['named'],
  },
  {
    name: 'DROP COLUMN of the vector that is left CASCADE',
    ddl: change('DROP COLUMN embedding CASCADE'),
    storages: ['column'],
    phases: ['contract'],
    outcomes: ['named'],
  },
  {
    name: 'DROP TABLE of the side table CASCADE',
    ddl: (table) => [`DROP TABLE ${side(table)} CASCADE`],
    storages: ['side-table'],
    outcomes: ['named'],
  },
  {
    name: 'DROP COLUMN of another column CASCADE',
    ddl: change('DROP COLUMN note CASCADE'),
    // Its views may be dropped with it; then reembed.health has to report that.
    outcomes: ['follows', 'named'],
  },
  { name: 'ALTER TYPE of the key', ddl: change('ALTER id TYPE bigint'), outcomes: ['follows', 'refused'] },
  { name: 'ALTER TYPE of the text', ddl: change('ALTER content TYPE text'), outcomes: ['follows', 'refused'] },
  { name: 'ALTER TYPE of another column', ddl: change('ALTER note TYPE varchar(500)'), outcomes: ['follows', 'refused'] },
  { name: 'ALTER TYPE of the key, unhooked', ddl: change('ALTER id TYPE bigint'), unhooked: true, outcomes: ['follows'] },
  { name: 'ALTER TYPE of the text, unhooked', ddl: change('ALTER content TYPE text'), unhooked: true, outcomes: ['follows'] },
  {
    name: 'the primary key dropped and made again',
    ddl: (table) => [`ALTER TABLE ${table} DROP CONSTRAINT ${table}_pkey, ADD PRIMARY KEY (id)`],
    outcomes: ['follows'],
  },
  { name: 'TRUNCATE', ddl: (table) => [`TRUNCATE ${table}`], outcomes: ['follows'] },
  { name: 'DROP TABLE', ddl: (table) => [`DROP TABLE ${table}`], outcomes: ['refused'] },
  {
    name: 'DROP TABLE CASCADE and a new table of that name',
    ddl: (table) => [
      `CREATE TABLE again_${table} (LIKE ${table} INCLUDING ALL)`,
      `INSERT INTO again_${table} SELECT * FROM ${table}`,
      `DROP TABLE ${table} CASCADE`,
      `ALTER TABLE again_${table} RENAME TO ${table}`,
    ],
    outcomes: ['named'],
  },
  {
    name: 'a new table renamed into its place',
    ddl: (table) => [
      `CREATE TABLE again_${table} (LIKE ${table} INCLUDING ALL)`,
      `INSERT INTO again_${table} SELECT * FROM ${table}`,
      `ALTER TABLE ${table} RENAME TO former_${table}`,
      `ALTER TABLE again_${table} RENAME TO ${table}`,
    ],
    outcomes: ['named'],
  },
  { name: 'VACUUM FULL', ddl: (table) => [`VACUUM FULL ${table}`], alone: true, outcomes: ['follows'] },
  { name: 'CLUSTER', ddl: (table) => [`CLUSTER ${table} USING ${table}_pkey`], alone: true, outcomes: ['follows'] },
  { name: 'ADD COLUMN', ddl: change("ADD COLUMN more text DEFAULT 'x'"), outcomes: ['follows'] },
];

/** Whether a case applies to the storage and phase. */
export function isTried({ storages, phases }: DdlCase, storage: Storage, phase: DdlPhase): boolean {
  return (storages ?? [storage]).includes(storage) && (phases ?? [phase]).includes(phase);
}

export function namesAfter(ddlCase: DdlCase): Names {
  return { ...FIRST_NAMES, ...ddlCase.names };
}
