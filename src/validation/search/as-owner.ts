import type { Queryable } from '../../database/connection.ts';
import { type OwnersConnection, ownersConnection } from '../../database/owners-connection.ts';
import { compiled } from '../../worker/target.ts';

/** Returns the connection with the rights of the owner of a registered table, whichever role validates. */
export function asOwner(db: Queryable, target: { suffix: string }): OwnersConnection {
  return ownersConnection(db, compiled(target, 'ask'));
}
