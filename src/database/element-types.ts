/** One of pgvector's vector types and all that differs between them; `up` puts them into reembed.element_type. */
export interface ElementTypeFacts {
  bytesPerDimension: number;
  /** most dimensions that an index takes */
  maxIndexedDimensions: number;
  /** function of pgvector that gives the length of a vector */
  normFunction: string;
}

export const ELEMENT_TYPES = {
  vector: { bytesPerDimension: 4, maxIndexedDimensions: 2000, normFunction: 'vector_norm' },
  halfvec: { bytesPerDimension: 2, maxIndexedDimensions: 4000, normFunction: 'l2_norm' },
} satisfies Record<string, ElementTypeFacts>;

/** Name of a vector type. */
export type ElementType = keyof typeof ELEMENT_TYPES;

/** Distances a model may be searched by, as they stand in the names of operator classes. */
export const DISTANCES = { cosine: 'cosine', l2: 'l2', inner_product: 'ip' } as const;

export type Distance = keyof typeof DISTANCES;

/** Whether a type of the catalog holds vectors. */
export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(ELEMENT_TYPES, name);
}

/** Operator class of an index on vectors of a type, without its schema. */
export function operatorClassOf(type: ElementType, distance: Distance): string {
  return `${type}_${DISTANCES[distance]}_ops`;
}

/** Bytes of one vector, without its header. */
export function vectorBytes(type: ElementType, dimensions: number): number {
  return dimensions * ELEMENT_TYPES[type].bytesPerDimension;
}

/** The type whose vectors of so many dimensions an index takes: the given one where it may stay. */
export function indexableType(type: ElementType, dimensions: number): ElementType | undefined {
  const candidates = [type, ...(Object.keys(ELEMENT_TYPES) as ElementType[])];
  return candidates.find((candidate) => dimensions <= ELEMENT_TYPES[candidate].maxIndexedDimensions);
}
