import type pg from 'pg';
import { changeSettings } from '../../commands/setting.ts';
import { inTransaction, type Queryable } from '../../database/connection.ts';
import { withLockRetries } from '../../database/lock-retries.ts';
import { ReembedError, UsageError } from '../../errors.ts';
import { counted } from '../../wording.ts';
import { CHANGES, type ChangeName, findOffer, type Offer } from './offers.ts';

/** A change that a person has asked for on the page. */
export interface ChangeRequest {
  /** full name as the page shows it */
  target: string;
  change: ChangeName;
  /** why, for the audit */
  reason: string;
  /** the name of the target, typed by the person */
  confirmation: string;
  /** new canary_percent; for change `canary` only */
  percent: number | null;
}

/** Thrown when the typed name is not that of the target. */
export class NotConfirmed extends UsageError {
  constructor(target: string) {
    super('the confirmation is not the name of the target; nothing was changed', `type ${target}`);
  }
}

/** Thrown for a change that the present state, or this role, does not allow. */
export class ChangeNotOffered extends ReembedError {
  constructor(target: string, change: string) {
    super('change_not_offered', `${change} is not possible for ${target} now; nothing was changed`, 'the page offers what is possible');
  }
}

const LONGEST_REASON = 500;

/**
 * Makes a change in one transaction, with the statements of the command line and of SQL.
 *
 * @param value what the page sent
 * @param options.only full name of the only target that may be changed; undefined for all
 * @returns what is so now, as a sentence
 * @throws UsageError, NotConfirmed, ChangeNotOffered, before anything is changed; GateClosed and whatever else the database refuses
 */
export async function makeChange(
  pool: pg.Pool,
  value: unknown,
  { only, notice }: { only?: string | undefined; notice: (line: string) => void },
): Promise<string> {
  const request = parseRequest(value);
  const { target, change, reason } = request;
  if (asShown(request.confirmation) !== asShown(target)) throw new NotConfirmed(target);
  const make = () =>
    inTransaction(pool, async (client) => {
      await client.query("SELECT set_config('reembed.reason', $1, true)", [reason]);
      const offer = await findOffer(client, target, only);
      if (!offer?.changes.includes(change)) throw new ChangeNotOffered(target, change);
      return MAKE[change](client, offer, request);
    });
  return withLockRetries(make, `${change} of ${target}`, notice);
}

const MAKE: Record<ChangeName, (db: Queryable, offer: Offer, request: ChangeRequest) => Promise<string>> = {
  async pause(db, { target }, { reason }) {
    await db.query('SELECT reembed.pause($1, $2)', [target, reason]);
    return `${target} is paused`;
  },
  async resume(db, { target }) {
    await db.query('SELECT reembed.resume($1)', [target]);
    return `${target} is not paused any more`;
  },
  async canary(db, { target, to_model }, { percent }) {
    if (percent === null) throw new UsageError('the percentage is missing; nothing was changed', 'give a number from 0 to 100');
    await changeSettings(db, target, [`canary_percent=${percent}`]);
    return `${percent} % of the readers of ${target} read ${to_model}`;
  },
  switch: (db, { target, to_model }) => switchTo(db, target, to_model),
  rollback: (db, { target, from_model }) => switchTo(db, target, from_model),
  async retry(db, { target }) {
    const { rows } = await db.query<{ rows: string }>('SELECT reembed.retry_failed($1) AS rows', [target]);
    const count = Number(rows[0]?.rows ?? 0);
    return `${counted(count, 'row waits', 'rows wait')} for a worker again`;
  },
};

async function switchTo(db: Queryable, target: string, model: string): Promise<string> {
  await db.query('SELECT reembed.switch_to($1, $2)', [target, model]);
  return `the live view of ${target} reads ${model}`;
}

/** A name as a person reads it on the page, which shows several spaces, or a line break, as one space. */
function asShown(name: string): string {
  return name.trim().replace(/\s+/g, ' ');
}

function parseRequest(value: unknown): ChangeRequest {
  const { target, change, reason, confirmation, percent = null } = (value ?? {}) as Record<string, unknown>;
  const name = CHANGES.find((known) => known === change);
  if (
    typeof target !== 'string' ||
    typeof confirmation !== 'string' ||
    name === undefined ||
    !(percent === null || Number.isFinite(percent))
  )
    throw new UsageError('this is not a change of the page', 'reload the page');
  const why = typeof reason === 'string' ? reason.trim() : '';
  if (why === '' || why.length > LONGEST_REASON)
    throw new UsageError('a reason for the audit is needed; nothing was changed', `give one of at most ${LONGEST_REASON} characters`);
  return { target, change: name, reason: why, confirmation, percent: percent as number | null };
}
