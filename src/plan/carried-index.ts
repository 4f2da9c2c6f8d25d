import { ELEMENT_TYPES, isElementType } from '../database/element-types.ts';
import { distanceOf, formClass, formKey, type IndexForm, PLAIN } from '../database/index-form.ts';
import { present } from '../phases/phase.ts';
import { IndexNotCarried } from './inspect-error.ts';
import type { OldIndex } from './old-indexes.ts';
import type { ModelDefinition } from './plan.ts';

/** An old index as it would be on the new vectors. */
export interface CarriedIndex {
  old: OldIndex;
  /** what follows the name of the table in CREATE INDEX, without the key and its operator class */
  rest: string;
  /** key and operator class as written in SQL */
  key: string;
  operatorClass: string;
  /** pgvector's type that it indexes; empty for another one */
  elementType: string;
  form: IndexForm;
  /** whether it is over the vector itself in every row, so that it serves a search without conditions */
  isWhole: boolean;
}

/** How the new vectors differ from the old ones. */
export interface ChangedVectors {
  from: Pick<ModelDefinition, 'dimensions' | 'elementType'>;
  to: ModelDefinition;
  /** schema of the extension vector as written in SQL */
  quotedSchema: string;
  /** what the main index holds; others hold the same where an index does not take the vectors themselves */
  form: IndexForm;
}

// pgvector's limit for bits.
const MAX_INDEXED_BITS = 64_000;

/**
 * Writes an index on the old vectors for the new ones: with another column, other dimensions and, if the element type changes, the operator
 * class of that type.
 *
 * @throws IndexNotCarried when that is not possible
 */
export function carryIndex(old: OldIndex, vectors: ChangedVectors): CarriedIndex {
  const { to } = vectors;
  const isTooLarge = isVectorMethod(old.method) && to.dimensions > ELEMENT_TYPES[to.elementType].maxIndexedDimensions;
  const carriedForm = isTooLarge && (old.keyForm === 'column' || old.keyForm === 'view') ? vectors.form : PLAIN;
  const operatorClass = carriedClass(old, { ...vectors, form: carriedForm });
  if (old.vectorInPredicate === 'other') throw new IndexNotCarried(old.name, 'its condition is about the vector itself');
  const predicate = old.vectorInPredicate === 'is not null' ? `(${present('column')} IS NOT NULL)` : old.predicate;
  const isOnVector = old.keyForm === 'column' || old.keyForm === 'view' || (old.keyForm === 'cast' && old.elementType === to.elementType);
  return {
    old,
    key: carriedKey(old, { ...vectors, form: carriedForm }),
    operatorClass,
    rest: `${old.included}${old.nulls}${old.parameters ? ` WITH (${old.parameters})` : ''}${predicate === null ? '' : ` WHERE ${predicate}`}`,
    elementType: old.keyForm === 'column' || old.keyForm === 'view' ? to.elementType : old.elementType,
    form: carriedForm,
    isWhole: isOnVector && predicate === null && isVectorMethod(old.method),
  };
}

/** Whether an index of this access method is built with the settings of vector indexes. */
export function isVectorMethod(method: string): method is 'hnsw' | 'ivfflat' {
  return method === 'hnsw' || method === 'ivfflat';
}

function carriedKey(old: OldIndex, { from, to, quotedSchema, form }: ChangedVectors): string {
  const column = present('column');
  const sized = (size: number) => `${old.keyType}(${size})`;
  const followsDimensions = old.keyModifier === from.dimensions;
  switch (old.keyForm) {
    case 'column':
    case 'view':
      return formKey(form, column, to.elementType, to.dimensions, quotedSchema);
    case 'cast':
      if (old.keyModifier === -1) return `((${column})::${old.keyType})`;
      if (!followsDimensions) break;
      refuseTooLarge(old, to.dimensions);
      return `((${column})::${sized(to.dimensions)})`;
    case 'quantized':
      if (!followsDimensions) break;
      refuseTooLarge(old, to.dimensions);
      return `((${quotedSchema}.binary_quantize(${column}))::${sized(to.dimensions)})`;
    case 'subvector':
      if (old.keyModifier > to.dimensions)
        throw new IndexNotCarried(old.name, `it takes ${old.keyModifier} dimensions, more than the new vectors have`);
      return `((${quotedSchema}.subvector(${column}, 1, ${old.keyModifier}))::${sized(old.keyModifier)})`;
  }
  throw new IndexNotCarried(old.name, 'its expression cannot be written for the new dimensions');
}

function refuseTooLarge(old: OldIndex, dimensions: number): void {
  if (!isVectorMethod(old.method)) return;
  const limit = isElementType(old.elementType) ? ELEMENT_TYPES[old.elementType].maxIndexedDimensions : MAX_INDEXED_BITS;
  if (dimensions > limit) throw new IndexNotCarried(old.name, `an index on ${old.keyType} takes at most ${limit} dimensions`);
}

function carriedClass(old: OldIndex, { from, to, quotedSchema, form }: ChangedVectors): string {
  if (form.name === 'binary' || old.keyForm === 'view') {
    if (old.keyForm !== 'view' && distanceOf(old.operatorClass) === undefined)
      throw new IndexNotCarried(old.name, `bits do not approximate the distance of ${old.operatorClass}`);
    return `${quotedSchema}.${formClass(form, to.elementType, to.distance)}`;
  }
  if (old.keyForm !== 'column' || from.elementType === to.elementType) return old.writtenOperatorClass;
  const prefix = `${from.elementType}_`;
  if (!old.isOfExtension || !old.operatorClass.startsWith(prefix))
    throw new IndexNotCarried(old.name, `its operator class ${old.operatorClass} has no equivalent for ${to.elementType}`);
  return `${quotedSchema}.${to.elementType}_${old.operatorClass.slice(prefix.length)}`;
}
