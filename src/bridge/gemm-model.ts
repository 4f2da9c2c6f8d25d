import type { InferenceSession } from 'onnxruntime-node';
import type { Matrix, Multiply, Transposed } from './matrix.ts';

/** Loads onnxruntime-node, whose matrix product uses the vector units of the processor. */
export async function loadGemm(): Promise<Multiply> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const sessions = new Map<string, InferenceSession>();
  return async (a, b, transposed = {}) => {
    const name = JSON.stringify([transposed.a, transposed.b]);
    const session =
      sessions.get(name) ??
      (await InferenceSession.create(gemmModel(transposed), {
        // The other processors stay with the application.
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'disabled',
        // The runtime would keep its largest buffers until the process ends.
        enableCpuMemArena: false,
        logSeverityLevel: 3,
      }));
    sessions.set(name, session);
    const tensor = ({ values, rows, columns }: Matrix) => new Tensor('float32', values, [rows, columns]);
    const { c } = await session.run({ a: tensor(a), b: tensor(b) });
    if (!c) throw new Error('the runtime returned no product');
    return { rows: c.dims[0] as number, columns: c.dims[1] as number, values: c.data as Float32Array };
  };
}

/**
 * An ONNX model that is one product of two matrices of any size, in the wire format of protocol buffers: the runtime only runs models.
 * Numbers of fields: onnx.proto of ONNX 1.8.
 */
function gemmModel({ a = false, b = false }: Transposed): Uint8Array {
  const attribute = (name: string, value: boolean) => bytes(5, [...text(1, name), ...number(3, value ? 1 : 0), ...number(20, 2)]);
  const dimension = (name: string) => bytes(1, text(2, name));
  const value = (field: number, name: string) =>
    bytes(field, [
      ...text(1, name),
      ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, [...dimension(`${name}_rows`), ...dimension(`${name}_columns`)])])),
    ]);
  const node = [
    ...text(1, 'a'),
    ...text(1, 'b'),
    ...text(2, 'c'),
    ...text(4, 'Gemm'),
    ...attribute('transA', a),
    ...attribute('transB', b),
  ];
  const graph = [...bytes(1, node), ...text(2, 'product'), ...value(11, 'a'), ...value(11, 'b'), ...value(12, 'c')];
  return Uint8Array.from([...number(1, 7), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...number(2, 13)])]);
}

function number(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function text(field: number, value: string): number[] {
  return bytes(field, [...Buffer.from(value)]);
}

function bytes(field: number, content: number[]): number[] {
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
