import { DISTANCES, type Distance, type ElementType, operatorClassOf, vectorBytes } from './element-types.ts';

/** What an index holds of a vector: the vector itself, the sign of each component, or its first dimensions. */
export interface IndexForm {
  name: 'plain' | 'binary' | 'subvector';
  /** how many of the first dimensions a subvector index holds; null for the others */
  dimensions: number | null;
}

export const PLAIN: IndexForm = { name: 'plain', dimensions: null };

/**
 * SQL of the key of an index, and of the same expression over the live view. The cast is that of the view: without it, PostgreSQL would not
 * recognise the column of the view in the index.
 */
export function formKey(form: IndexForm, column: string, elementType: ElementType, dimensions: number, quotedSchema: string): string {
  const type = `${quotedSchema}.${elementType}`;
  switch (form.name) {
    case 'plain':
      return column;
    case 'binary':
      return `((${quotedSchema}.binary_quantize((${column})::${type}))::bit(${dimensions}))`;
    case 'subvector':
      return `((${quotedSchema}.subvector((${column})::${type}, 1, ${form.dimensions}))::${type}(${form.dimensions}))`;
  }
}

/** Name of the operator class of an index of a form, without its schema. */
export function formClass(form: IndexForm, elementType: ElementType, distance: Distance): string {
  return form.name === 'binary' ? 'bit_hamming_ops' : operatorClassOf(elementType, distance);
}

/** Bytes of one vector in an index of a form, without its header. */
export function formBytes(form: IndexForm, elementType: ElementType, dimensions: number): number {
  return form.name === 'binary' ? Math.ceil(dimensions / 8) : vectorBytes(elementType, form.dimensions ?? dimensions);
}

/** Distance that an operator class of pgvector orders by; undefined for another one. */
export function distanceOf(operatorClass: string | undefined): Distance | undefined {
  const distances = Object.keys(DISTANCES) as Distance[];
  return distances.find((distance) => operatorClass?.endsWith(`_${DISTANCES[distance]}_ops`));
}
