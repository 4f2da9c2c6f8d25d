import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Runs a loaded network: takes its inputs by name, returns the values of its only output. */
export type RunNetwork = (inputs: Record<string, Tensor>) => Promise<Float32Array>;

/** Loads a network from an ONNX file, given by its path or its bytes. */
export async function openNetwork(file: string | Uint8Array): Promise<RunNetwork> {
  const session = await InferenceSession.create(file as string, {
    // Two networks with one thread each have a higher throughput than one with two threads. The threads of ONNX Runtime
    // also spin while they wait, which takes CPU time from the database.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return async (inputs) => {
    const [output] = Object.values(await session.run(inputs));
    if (!(output?.data instanceof Float32Array)) throw new Error('The network has no output of 32-bit floats');
    return output.data;
  };
}

/** Token lists as a rectangle: short lists are padded with token 0, which `mask` marks with 0. */
export interface PaddedBatch {
  columns: number;
  shape: [rows: number, columns: number];
  tokens: Tensor;
  mask: Tensor;
}

/** Pads token lists to the longest of them. */
export function pad(batch: number[][]): PaddedBatch {
  const columns = Math.max(...batch.map((list) => list.length));
  const shape: PaddedBatch['shape'] = [batch.length, columns];
  const tokens = new BigInt64Array(batch.length * columns);
  const mask = new BigInt64Array(batch.length * columns);
  batch.forEach((list, row) => {
    tokens.set(list.map(BigInt), row * columns);
    mask.fill(1n, row * columns, row * columns + list.length);
  });
  return { columns, shape, tokens: new Tensor('int64', tokens, shape), mask: new Tensor('int64', mask, shape) };
}
