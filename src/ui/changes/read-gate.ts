import type pg from 'pg';
import { rowsLackingOldVector } from '../../phases/4-switch.ts';
import type { OpenCondition } from '../../phases/advance.ts';
import { counted } from '../../wording.ts';
import { inReadOnlyTransaction } from '../read-only.ts';
import { CHANGES, findOffer, type Offer } from './offers.ts';

/** What a person should know before a change. */
export interface Gate {
  /** what keeps the gate of the change closed; null where there is no gate, or it is not known */
  conditions: OpenCondition[] | null;
  /** whether the change would be refused for them */
  is_refused: boolean;
  note: string | null;
}

// A gate reads the whole table. A snapshot that lasts longer would slow the backfill.
const LONGEST_MS = 10_000;

const NO_GATE: Gate = { conditions: null, is_refused: false, note: null };

/**
 * Evaluates the gate of a change without making it.
 *
 * @param target full name as the page shows it
 */
export function readGate(pool: pg.Pool, target: string, change: string): Promise<Gate> {
  return inReadOnlyTransaction(
    pool,
    async (db) => {
      const offer = await findOffer(db, target);
      const name = CHANGES.find((known) => known === change);
      if (!offer || !name) return NO_GATE;
      try {
        if (name === 'rollback') return { ...NO_GATE, note: wayBackText(offer, await rowsLackingOldVector(db, offer.campaign)) };
        if (name !== 'switch' && name !== 'canary') return NO_GATE;
        const { rows } = await db.query<OpenCondition>('SELECT code, condition, remedy FROM reembed.open_conditions($1, $2)', [
          offer.campaign,
          name,
        ]);
        const note = name === 'canary' ? 'A higher percentage passes this gate. A lower one is never refused.' : null;
        return { conditions: rows, is_refused: name === 'switch' && rows.length > 0, note };
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === '57014')
          return { ...NO_GATE, note: `Not known within ${LONGEST_MS / 1000} seconds. The change itself evaluates its gate.` };
        if (code === '42501') return { ...NO_GATE, note: 'This role may not evaluate it here. The change itself evaluates its gate.' };
        throw error;
      }
    },
    LONGEST_MS,
  );
}

function wayBackText({ from_model }: Offer, missing: number): string {
  if (missing === 0) return `Every row with a text has a vector of ${from_model}.`;
  return `Searches would not find ${counted(missing, 'row')} without a vector of ${from_model} until a worker has embedded them. A rollback is never refused.`;
}
