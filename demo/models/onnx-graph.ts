// Field numbers and types of onnx.proto3, as far as a plain network needs them.
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;
const IR_VERSION = 8;
const OPERATOR_SET = 18;

/** An attribute of an operator: a list of integers, an integer, or any other number. */
export type Attribute = number[] | number;

/** Builds a network operator by operator, as the bytes of an ONNX file. Values have generated names. */
export class OnnxGraph {
  #nodes: Buffer[] = [];
  #constants: Buffer[] = [];
  #inputs: Buffer[] = [];
  #outputs: Buffer[] = [];
  #names = 0;

  /** An int64 matrix of any size, supplied at each run. */
  matrixInput(name: string): string {
    this.#inputs.push(valueInfo(name, INT64));
    return name;
  }

  /** A constant of 32-bit floats, from their little-endian bytes. */
  floats(bytes: Uint8Array, shape: number[]): string {
    return this.#constant(FLOAT, bytes, shape);
  }

  float(value: number): string {
    return this.floats(floatBytes(value), []);
  }

  integers(...values: number[]): string {
    const bytes = Buffer.from(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant(INT64, bytes, [values.length]);
  }

  /** Applies an operator with one result, and returns the result's name. */
  apply(operator: string, inputs: string[], attributes: Record<string, Attribute> = {}): string {
    const output = this.#newName();
    this.#node(operator, inputs, [output], attributes);
    return output;
  }

  /** Splits the last axis of a value into three parts of equal size. */
  splitInThree(value: string, size: number): [string, string, string] {
    const outputs: [string, string, string] = [this.#newName(), this.#newName(), this.#newName()];
    this.#node('Split', [value, this.integers(size, size, size)], outputs, { axis: -1 });
    return outputs;
  }

  /** The finished file, with a single value as its result. */
  toFile(result: string, name: string): Buffer {
    this.#node('Identity', [result], [name], {});
    this.#outputs.push(valueInfo(name, FLOAT));
    const graph = Buffer.concat([
      ...this.#nodes.map((node) => block(1, node)),
      block(2, name),
      ...this.#constants.map((constant) => block(5, constant)),
      ...this.#inputs.map((input) => block(11, input)),
      ...this.#outputs.map((output) => block(12, output)),
    ]);
    return Buffer.concat([integer(1, IR_VERSION), block(7, graph), block(8, integer(2, OPERATOR_SET))]);
  }

  #node(operator: string, inputs: string[], outputs: string[], attributes: Record<string, Attribute>): void {
    this.#nodes.push(
      Buffer.concat([
        ...inputs.map((input) => block(1, input)),
        ...outputs.map((output) => block(2, output)),
        block(4, operator),
        ...Object.entries(attributes).map(([name, value]) => block(5, attribute(name, value))),
      ]),
    );
  }

  #constant(type: number, bytes: Uint8Array, shape: number[]): string {
    const name = this.#newName();
    const sizes = shape.map((size) => integer(1, size));
    this.#constants.push(Buffer.concat([...sizes, integer(2, type), block(8, name), block(9, bytes)]));
    return name;
  }

  #newName(): string {
    return `v${this.#names++}`;
  }
}

function valueInfo(name: string, type: number): Buffer {
  const anySize = block(1, Buffer.alloc(0));
  const matrix = block(2, Buffer.concat([anySize, anySize]));
  return Buffer.concat([block(1, name), block(2, block(1, Buffer.concat([integer(1, type), matrix])))]);
}

function attribute(name: string, value: Attribute): Buffer {
  if (Array.isArray(value)) {
    return Buffer.concat([block(1, name), ...value.map((item) => integer(8, item)), integer(20, ATTRIBUTE_INTS)]);
  }
  if (Number.isInteger(value)) return Buffer.concat([block(1, name), integer(3, value), integer(20, ATTRIBUTE_INT)]);
  return Buffer.concat([block(1, name), varint((2 << 3) | 5), floatBytes(value), integer(20, ATTRIBUTE_FLOAT)]);
}

// Protocol buffers: a field is its number and wire type, then a varint (0) or a length and bytes (2).

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function block(field: number, content: string | Uint8Array): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

function floatBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
