import type { Expression, TemplateLiteral } from '@babel/types';
import { plain } from './markdown.ts';

const UNKNOWN = '…';

/**
 * What an expression of the source prints, as Markdown: what is filled in is an emphasized name, or `…` where the source computes it.
 * Several texts where it depends on the case.
 *
 * @param constants of the same file
 */
export function renderText(node: Expression, constants: ReadonlyMap<string, Expression>): string[] {
  switch (node.type) {
    case 'StringLiteral':
      return [plain(node.value)];
    case 'TemplateLiteral':
      return [renderTemplate(node, constants)];
    case 'ConditionalExpression':
      return [...renderText(node.consequent, constants), ...renderText(node.alternate, constants)];
    case 'LogicalExpression':
      return [...renderText(node.left, constants), ...renderText(node.right, constants)].filter((text) => text !== UNKNOWN);
    case 'BinaryExpression':
      return node.operator === '+'
        ? [[node.left, node.right].map((side) => renderText(side as Expression, constants).join(' / ')).join('')]
        : [UNKNOWN];
    case 'Identifier': {
      const constant = constants.get(node.name);
      return [constant ? (renderText(constant, constants)[0] ?? UNKNOWN) : placeholder(node.name)];
    }
    default:
      return [UNKNOWN];
  }
}

function renderTemplate(node: TemplateLiteral, constants: ReadonlyMap<string, Expression>): string {
  return node.quasis
    .map(({ value }, position) => {
      const filled = node.expressions[position];
      const text = plain(value.cooked ?? value.raw);
      return filled ? `${text}${renderFilled(filled as Expression, constants)}` : text;
    })
    .join('');
}

/** One text for what is filled in. */
function renderFilled(node: Expression, constants: ReadonlyMap<string, Expression>): string {
  if (node.type === 'MemberExpression' && node.property.type === 'Identifier') return placeholder(node.property.name);
  // counted(rows, 'row') and the like: what is counted.
  if (node.type === 'CallExpression') {
    const counted = node.arguments[1];
    return counted?.type === 'StringLiteral' ? `*n* ${plain(counted.value)}s` : UNKNOWN;
  }
  // A value that may be missing: what stands for it then says nothing about it.
  if (node.type === 'LogicalExpression') return UNKNOWN;
  const [text = UNKNOWN] = renderText(node, constants);
  return text;
}

/** `grantOptions` as *grant options*. */
function placeholder(name: string): string {
  return `*${name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}*`;
}
