import { ELEMENT_TYPES, type ElementType } from '../database/element-types.ts';
import { ReembedError } from '../errors.ts';

const LIMITS = Object.entries(ELEMENT_TYPES)
  .map(([name, { maxIndexedDimensions }]) => `the limit of ${name} is ${maxIndexedDimensions}`)
  .join(', ');

/** Thrown for more dimensions than an index of the wanted kind takes. */
export class TooManyDimensions extends ReembedError {
  constructor(dimensions: number) {
    super(
      'too_many_dimensions',
      `an index on the vectors themselves does not take ${dimensions} dimensions: ${LIMITS}`,
      'use --index binary, or --index subvector:N if the first N dimensions of the model are usable alone; or give a smaller --dimensions, if the model can shorten its vectors',
    );
  }
}

/** Thrown for more dimensions than pgvector stores. */
export class TooManyStoredDimensions extends ReembedError {
  constructor(dimensions: number, most: number) {
    super(
      'too_many_stored_dimensions',
      `pgvector stores vectors of at most ${most} dimensions, not ${dimensions}`,
      'give a smaller --dimensions, if the model can shorten its vectors',
    );
  }
}

/** Thrown for an index on bits where they would not tell enough vectors apart. */
export class BinaryNeedsDimensions extends ReembedError {
  constructor(dimensions: number, fewest: number) {
    super(
      'binary_needs_dimensions',
      `an index on bits needs at least ${fewest} dimensions, and the new vectors have ${dimensions}: too many of them would have the same bits`,
      'use --index hnsw',
    );
  }
}

/** Thrown for an index on more of the first dimensions than there are, or than an index takes. */
export class SubvectorTooLong extends ReembedError {
  constructor(wanted: number, dimensions: number, elementType: ElementType) {
    const limit = ELEMENT_TYPES[elementType].maxIndexedDimensions;
    super(
      'subvector_too_long',
      wanted >= dimensions
        ? `subvector:${wanted} is not a part of vectors of ${dimensions} dimensions`
        : `an index on ${elementType} takes at most ${limit} dimensions, not ${wanted}`,
      `use --index subvector:N with an N below ${Math.min(dimensions, limit + 1)}`,
    );
  }
}

/** Thrown for an index on the first dimensions of a model that is not known to be trained for that. */
export class NotMatryoshka extends ReembedError {
  constructor(model: string) {
    super(
      'not_matryoshka',
      `${model} is not known as a Matryoshka model, whose first dimensions are usable alone`,
      'add --matryoshka if it is one; otherwise use --index binary',
    );
  }
}
