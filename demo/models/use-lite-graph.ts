import { OnnxGraph } from './onnx-graph.ts';
import type { Weights } from './use-lite-weights.ts';

/** The positional encoding has this length; the model ignores later tokens. */
export const MAX_TOKENS = 128;

const HEADS = 4;
const LAYER_NORM_EPSILON = 9.999999974752427e-7;
const MASKED = -1e9;

/**
 * Writes the Universal Sentence Encoder Lite, a transformer of two layers, as an ONNX file. Its weights are published
 * for TensorFlow.js only, whose WebAssembly backend takes 5 times the CPU for a batch and 8 times for a single text.
 */
export function useLiteGraph(weights: Weights): Buffer {
  const graph = new OnnxGraph();
  const apply = graph.apply.bind(graph);
  const add = (a: string, b: string) => apply('Add', [a, b]);
  const multiply = (a: string, b: string) => apply('Mul', [a, b]);
  const matrixProduct = (a: string, b: string) => apply('MatMul', [a, b]);
  const weight = (name: string) => {
    const { bytes, shape } = weights.get(name);
    // A convolution over one token is a matrix product: its first two dimensions are 1.
    return graph.floats(bytes, shape.slice(-2));
  };
  const dense = (input: string, kernel: string, bias: string) => add(matrixProduct(input, weight(kernel)), weight(bias));
  const layerNorm = (input: string, name: string) => {
    const scaleAndBias = [weight(`${name}/layer_norm/layer_norm_scale`), weight(`${name}/layer_norm/layer_norm_bias`)];
    return apply('LayerNormalization', [input, ...scaleAndBias], { axis: -1, epsilon: LAYER_NORM_EPSILON });
  };

  const tokens = graph.matrixInput('tokens');
  const mask = apply('CastLike', [graph.matrixInput('mask'), graph.float(1)]);
  const padding = apply('Sub', [graph.float(1), mask]);
  const attentionBias = multiply(apply('Unsqueeze', [padding, graph.integers(1, 2)]), graph.float(MASKED));

  function attention(input: string, size: number, name: string): string {
    const headShape = graph.integers(0, 0, HEADS, size / HEADS);
    const heads = (value: string, perm: number[]) => apply('Transpose', [apply('Reshape', [value, headShape])], { perm });
    const all = dense(input, `${name}/qkv_transform_single/kernel`, `${name}/qkv_transform_single/bias`);
    const [query, key, value] = graph.splitInThree(all, size);

    const scaled = multiply(heads(query, [0, 2, 1, 3]), graph.float(1 / Math.sqrt(size / HEADS)));
    const scores = add(matrixProduct(scaled, heads(key, [0, 2, 3, 1])), attentionBias);
    const read = matrixProduct(apply('Softmax', [scores], { axis: -1 }), heads(value, [0, 2, 1, 3]));
    const joined = apply('Reshape', [apply('Transpose', [read], { perm: [0, 2, 1, 3] }), graph.integers(0, 0, size)]);
    return dense(joined, `${name}/output_transform_single/kernel`, `${name}/output_transform_single/bias`);
  }

  function feedForward(input: string, name: string): string {
    const hidden = apply('Relu', [dense(input, `${name}/conv1/Tensordot/Reshape_1`, `${name}/conv1/bias`)]);
    return dense(hidden, `${name}/conv2/Tensordot/Reshape_1`, `${name}/conv2/bias`);
  }

  function layer(input: string, residual: string, size: number, name: string): string {
    const normed = layerNorm(input, `${name}/layer_prepostprocess`);
    const middle = add(attention(normed, size, `${name}/MultiheadAttention`), residual);
    return add(feedForward(layerNorm(middle, `${name}/FFN/layer_prepostprocess`), `${name}/FFN`), middle);
  }

  const embedded = apply('Gather', [weight('Embeddings_en'), tokens]);
  // The published network adds the embedding twice: once without and once with its position.
  const input = add(add(embedded, embedded), positions(graph, tokens, weights));
  const widened = dense(input, 'Layer_0/TransformerLayer/dense/kernel', 'Layer_0/TransformerLayer/dense/bias');
  const first = layer(input, widened, 256, 'Layer_0/TransformerLayer');
  const second = layer(first, first, 512, 'Layer_1/TransformerLayer');

  const kept = multiply(second, apply('Unsqueeze', [mask, graph.integers(2)]));
  const sum = apply('ReduceSum', [kept, graph.integers(1)], { keepdims: 0 });
  const count = apply('ReduceSum', [mask, graph.integers(1)], { keepdims: 1 });
  const mean = apply('Div', [sum, count]);
  return graph.toFile(apply('Tanh', [dense(mean, 'tanh_layer_0/weights', 'tanh_layer_0/bias')]), 'embedding');
}

/** Sinusoidal positional encoding, for as many tokens as the batch is wide. */
function positions(graph: OnnxGraph, tokens: string, weights: Weights): string {
  const { bytes } = weights.get('AddTimingSignal/TimingSignal/ExpandDims_1');
  const rates = new Float32Array(new Uint8Array(bytes).buffer);
  const signal = Array.from({ length: MAX_TOKENS }, (_, position) => {
    const angles = Array.from(rates, (rate) => Math.fround(position * rate));
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  });
  const constant = graph.floats(Buffer.from(Float32Array.from(signal.flat()).buffer), [MAX_TOKENS, 2 * rates.length]);
  const width = graph.apply('Shape', [tokens], { start: 1 });
  return graph.apply('Slice', [constant, graph.integers(0), width, graph.integers(0)]);
}
