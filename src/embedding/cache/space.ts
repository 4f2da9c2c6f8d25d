import { textDigest } from '../../text-digest.ts';
import type { ModelRow } from '../models.ts';

/**
 * Identifies everything that decides the vector of a text, as a UUID: the model's name at the provider, the dimensions that a request
 * names, the prefix, and the configured parameters. The address is no part of it: the same model at another address gives the same vector.
 *
 * @param role document for stored texts, query for search texts
 * @param parameters further parameters of a request, by role
 */
export function spaceOf(
  model: Pick<ModelRow, 'provider_model' | 'dimensions' | 'send_dimensions' | 'document_prefix' | 'query_prefix'>,
  role: 'document' | 'query',
  parameters: Record<'document' | 'query', Record<string, unknown>>,
): string {
  const { encoding_format: _, ...others } = parameters[role];
  const sent = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
  return textDigest(JSON.stringify([model.provider_model, model.send_dimensions ? model.dimensions : null, model[`${role}_prefix`], sent]));
}
