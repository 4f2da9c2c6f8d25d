import type { Queryable } from '../database/connection.ts';
import { type OwnersConnection, ownersConnection } from '../database/owners-connection.ts';
import { compiled } from '../worker/target.ts';

/** The same connection with the rights of the owner of a registered table, whoever validates. */
export function asOwner(db: Queryable, target: { suffix: string }): OwnersConnection {
  return ownersConnection(db, compiled(target, 'ask'));
}
