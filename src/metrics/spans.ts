import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ReembedError } from '../errors.ts';

/** What may be said of a piece of work in a trace: names of targets and models, numbers and flags. Never a text, a key or a message. */
export type SpanFacts = Attributes & {
  'reembed.target'?: string;
  'reembed.model'?: string;
  'reembed.campaign'?: string;
  'reembed.batch'?: number;
  'reembed.rows'?: number;
  'reembed.texts'?: number;
  'reembed.tokens'?: number;
  'reembed.is_repeated'?: boolean;
};

// Does nothing until the process that runs the worker registers an OpenTelemetry SDK.
const tracer = trace.getTracer('pg-reembed');

/** Runs work in a span, so that spans of its parts become children. A failure is recorded by its code, because messages may quote a text. */
export function inSpan<T>(name: string, facts: SpanFacts, work: (span: Span) => Promise<T>, kind = SpanKind.INTERNAL): Promise<T> {
  return tracer.startActiveSpan(name, { kind, attributes: facts }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.setAttribute('error.type', failureCode(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Adds facts to the span that the present work runs in, if there is one. */
export function describeSpan(facts: SpanFacts): void {
  trace.getActiveSpan()?.setAttributes(facts);
}

function failureCode(error: unknown): string {
  if (error instanceof ReembedError) return error.code;
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && /^[\w.-]{1,64}$/.test(code)) return code;
  return error instanceof Error ? error.name : 'unknown';
}
