import { ELEMENT_TYPES } from '../database/element-types.ts';
import { type IndexForm, PLAIN } from '../database/index-form.ts';
import { BinaryNeedsDimensions, NotMatryoshka, SubvectorTooLong, TooManyDimensions } from './choose-form-error.ts';
import type { ModelDefinition } from './plan.ts';

/** What the user may name as the index on the new vectors. */
export type IndexChoice = 'hnsw' | 'ivfflat' | 'none' | 'binary' | `subvector:${number}`;

const BINARY: IndexForm = { name: 'binary', dimensions: null };

/** Most dimensions that pgvector stores, and fewest at which signs alone tell enough vectors apart. */
export const MAX_STORED_DIMENSIONS = 16_000;
const MIN_BINARY_DIMENSIONS = 1000;

/** Whether a text is one of the choices. */
export function isIndexChoice(text: string): text is IndexChoice {
  return /^(hnsw|ivfflat|none|binary|subvector:[1-9]\d{0,4})$/.test(text);
}

/**
 * Decides what the index on the new vectors holds: what the request names or, above the limit of an index on their type, bits.
 *
 * @param isMatryoshka whether the first dimensions of the model's vectors are usable alone
 * @throws TooManyDimensions, BinaryNeedsDimensions, SubvectorTooLong, NotMatryoshka
 */
export function chooseForm(
  choice: IndexChoice | undefined,
  { name, dimensions, elementType }: Pick<ModelDefinition, 'name' | 'dimensions' | 'elementType'>,
  isMatryoshka: boolean,
): IndexForm {
  const limit = ELEMENT_TYPES[elementType].maxIndexedDimensions;
  if (choice?.startsWith('subvector:')) {
    const wanted = Number(choice.slice('subvector:'.length));
    if (wanted >= dimensions || wanted > limit) throw new SubvectorTooLong(wanted, dimensions, elementType);
    if (!isMatryoshka) throw new NotMatryoshka(name);
    return { name: 'subvector', dimensions: wanted };
  }
  if (choice === 'binary' || (choice === undefined && dimensions > limit)) {
    if (dimensions < MIN_BINARY_DIMENSIONS) throw new BinaryNeedsDimensions(dimensions, MIN_BINARY_DIMENSIONS);
    return BINARY;
  }
  if (choice !== 'none' && dimensions > limit) throw new TooManyDimensions(dimensions);
  return PLAIN;
}
