/** Properties of one of pgvector's vector types. `up` stores them in reembed.element_type. */
export interface ElementTypeFacts {
  bytesPerDimension: number;
  /** maximum number of dimensions that an index supports */
  maxIndexedDimensions: number;
  /** pgvector function that computes the norm of a vector */
  normFunction: string;
}

export const ELEMENT_TYPES = {
  vector: { bytesPerDimension: 4, maxIndexedDimensions: 2000, normFunction: 'vector_norm' },
  halfvec: { bytesPerDimension: 2, maxIndexedDimensions: 4000, normFunction: 'l2_norm' },
} satisfies Record<string, ElementTypeFacts>;

/** Name of a vector type. */
export type ElementType = keyof typeof ELEMENT_TYPES;

/** Supported distances, with the part of the operator class name that stands for each. */
export const DISTANCES = { cosine: 'cosine', l2: 'l2', inner_product: 'ip' } as const;

export type Distance = keyof typeof DISTANCES;

/** Whether the type with this name holds vectors. */
export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(ELEMENT_TYPES, name);
}

/** The smallest absolute value that a component of this type cannot hold; it would be rounded to infinity. */
export function outOfRange(type: ElementType): number {
  // The largest value of half precision is 65504; values below this one are rounded to it.
  return type === 'halfvec' ? 65520 : Number.POSITIVE_INFINITY;
}

/** Name of the operator class of an index on vectors of this type, without its schema. */
export function operatorClassOf(type: ElementType, distance: Distance): string {
  return `${type}_${DISTANCES[distance]}_ops`;
}

/** Bytes of one vector, without its header. */
export function vectorBytes(type: ElementType, dimensions: number): number {
  return dimensions * ELEMENT_TYPES[type].bytesPerDimension;
}

/** Returns a type whose vectors can be indexed at this number of dimensions, preferably the given one; undefined if there is none. */
export function indexableType(type: ElementType, dimensions: number): ElementType | undefined {
  const candidates = [type, ...(Object.keys(ELEMENT_TYPES) as ElementType[])];
  return candidates.find((candidate) => dimensions <= ELEMENT_TYPES[candidate].maxIndexedDimensions);
}
