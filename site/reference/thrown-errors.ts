import { globSync } from 'node:fs';
import { parse } from '@babel/parser';
import type { ClassDeclaration, Expression, File, Node } from '@babel/types';
import { ROOT, readSource } from '../pages.ts';
import { renderText } from './render-text.ts';

/** An error as the source constructs it. */
export interface ThrownError {
  code: string;
  /** what its class is for; undefined where the base class is thrown as it is */
  purpose: string | undefined;
  /** Markdown, with what is filled in as emphasized names */
  message: string;
  /** what helps; several where it depends on the case */
  remedies: string[];
}

/** Where the message is among the arguments of a class, followed by the remedy; a code that is given is that of every instance. */
const BASES: Record<string, { code?: string; message: number }> = {
  ReembedError: { message: 1 },
  UsageError: { code: 'usage', message: 0 },
  GateClosed: { code: 'gate_closed', message: 0 },
  ProviderRefused: { message: 1 },
};

/** Every error of the commands whose code is written in the source: classes, and base classes that are constructed as they are. */
export function readThrownErrors(): ThrownError[] {
  return globSync('src/**/*.ts', { cwd: ROOT })
    .sort()
    .flatMap((source) => {
      const text = readSource(source);
      return /\b(ReembedError|UsageError|GateClosed|ProviderRefused)\b/.test(text)
        ? errorsIn(parse(text, { sourceType: 'module', plugins: ['typescript'] }))
        : [];
    });
}

function errorsIn(file: File): ThrownError[] {
  const constants = constantsOf(file);
  const found: ThrownError[] = [];
  const add = (base: string, values: readonly Node[], purpose: string | undefined) => {
    const known = BASES[base];
    if (!known) return;
    const [first] = values;
    // A code that is a parameter is that of whatever called.
    const code = known.code ?? (first?.type === 'StringLiteral' ? first.value : undefined);
    const [message, remedy] = values.slice(known.message) as Expression[];
    if (!code || !message || !remedy) return;
    found.push({ code, purpose, message: renderText(message, constants).join(' / '), remedies: renderText(remedy, constants) });
  };
  visit(file.program, (node, before) => {
    if (node.type === 'ClassDeclaration' && node.superClass?.type === 'Identifier') {
      const call = superCall(node);
      if (call) add(node.superClass.name, call, purposeIn(before));
    }
    if (node.type === 'NewExpression' && node.callee.type === 'Identifier') add(node.callee.name, node.arguments, undefined);
  });
  return found;
}

function superCall(declaration: ClassDeclaration): readonly Node[] | undefined {
  let values: readonly Node[] | undefined;
  visit(declaration.body, (node) => {
    if (node.type === 'CallExpression' && node.callee.type === 'Super') values ??= node.arguments;
  });
  return values;
}

/** What the docstring says, without the words that all of them begin with. */
function purposeIn(exported: Node): string | undefined {
  const comment = exported.leadingComments?.findLast(({ type, value }) => type === 'CommentBlock' && value.startsWith('*'));
  return comment?.value
    .replace(/^\*/, '')
    .replace(/^\s*\* ?/gm, '')
    .trim()
    .replace(/^Thrown /, '');
}

function constantsOf(file: File): Map<string, Expression> {
  return new Map(
    file.program.body.flatMap((statement) => {
      const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
      if (declaration?.type !== 'VariableDeclaration') return [];
      return declaration.declarations.flatMap(({ id, init }) => (id.type === 'Identifier' && init ? [[id.name, init] as const] : []));
    }),
  );
}

/** Calls back for a node and everything in it, each with the statement that has its comment. */
function visit(node: Node, meet: (node: Node, before: Node) => void, before: Node = node): void {
  meet(node, node.leadingComments ? node : before);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === 'object' && 'type' in child && 'start' in child && child.type !== 'CommentBlock')
        visit(child as Node, meet, node.type === 'ExportNamedDeclaration' ? node : child);
    }
  }
}
