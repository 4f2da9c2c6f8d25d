import { queryOf } from '../../database/sql-objects.ts';

const INNER = ['publications_of', 'native_subscribers'];

/**
 * Returns the query of a function of sql/acceptance/ that takes a table as $1. The gates call the same function, so that create and a gate
 * find the same evidence, also in a database where the functions are not installed yet.
 */
export function catalogQuery(name: string): string {
  let query = queryOf(name, ['p_relation']);
  for (const inner of INNER)
    query = query.replace(new RegExp(`reembed\\.${inner}\\((\\$1)?\\)`), () => `(${queryOf(inner, ['p_relation'])})`);
  return query.replaceAll('$1', '$1::oid::regclass');
}
