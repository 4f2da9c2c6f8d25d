import type { Queryable } from '../../database/connection.ts';
import type { PhaseName } from '../../database/migration-file.ts';
import type { OwnersConnection } from '../../database/owners-connection.ts';
import type { TableFacts } from '../inspect.ts';
import type { TextFacts } from '../measure.ts';
import type { Storage } from '../storage.ts';

/** note: worth knowing; harm: has to be accepted by name before a phase; refusal: create refuses unless it is accepted. */
export type Severity = 'note' | 'harm' | 'refusal';

/** One thing that a campaign does to a table, or that the table does to a campaign. */
export interface InventoryFinding {
  /** name for scripts and for --accept */
  code: string;
  what: string;
  consequence: string;
  /** the option or statement that avoids it */
  avoid: string;
  severity: Severity;
  /** names and numbers; an acceptance is void when there is more of them */
  evidence: Record<string, unknown>;
  /** the only storage of new vectors with which it holds; undefined: with both */
  storage?: Storage;
  /** phase whose gate asks for an acceptance */
  before?: PhaseName;
}

/** What a subject of the inventory may read. */
export interface InventoryInput {
  /** connection in a read-only transaction: reads the catalog only */
  db: Queryable;
  /** for everything that can run code of the owner: constraints, expressions, casts */
  owner: OwnersConnection;
  facts: TableFacts;
  /** SQL of the text, and how many rows have one, if that was counted; undefined where it is not known */
  text: (Pick<TextFacts, 'textSql'> & Partial<Pick<TextFacts, 'rows' | 'joined' | 'unseenFunctions'>>) | undefined;
  /** seconds that one count may take */
  seconds: number;
}

/** One subject of the inventory. */
export type Subject = (input: InventoryInput) => Promise<InventoryFinding[]>;

/** The findings that hold with one storage. */
export function findingsFor(storage: Storage, findings: readonly InventoryFinding[]): InventoryFinding[] {
  return findings.filter((finding) => finding.storage === undefined || finding.storage === storage);
}
