import { parse, parsePlPgSQL } from 'libpg-query';

type Tree = Record<string, unknown>;

/**
 * The names in a statement that PostgreSQL resolves along the search_path, as phrases; empty when the statement means
 * the same under every path.
 */
export async function unboundNames(sql: string): Promise<string[]> {
  const found: string[] = [];
  const ctes = new Set<string>();
  const { stmts } = (await parse(sql)) as unknown as Tree;
  walk(stmts, (kind, node) => {
    if (kind === 'CommonTableExpr') ctes.add(String(node.ctename));
  });
  walk(stmts, (kind, node) => {
    const phrase = lookUp(kind, node, ctes);
    if (phrase) found.push(phrase);
  });
  return found;
}

/** The same for every statement, expression and variable type in the body of a PL/pgSQL function. */
export async function unboundNamesInFunction(definition: string): Promise<string[]> {
  const expressions: string[] = [];
  walk(await parsePlPgSQL(definition), (kind, node) => {
    if (kind === 'PLpgSQL_expr') expressions.push(statementOf(String(node.query), Number(node.parseMode ?? 0)));
    // Implicit variables of a trigger have no line number.
    if (kind === 'PLpgSQL_var' && node.lineno && !['sqlstate', 'sqlerrm'].includes(String(node.refname))) {
      const { typname } = (node.datatype as { PLpgSQL_type: { typname: string } }).PLpgSQL_type;
      if (typname !== 'UNKNOWN') expressions.push(`SELECT NULL::${typname}`);
    }
  });
  return (await Promise.all(expressions.map(unboundNames))).flat();
}

// RawParseMode of PostgreSQL: 2 is an expression, 3 to 5 are assignments.
function statementOf(query: string, mode: number): string {
  if (mode === 2) return `SELECT ${query}`;
  return mode > 2 ? `SELECT ${query.replace(/^[^=]*:?=/, '')}` : query;
}

/** Calls `visit` with every node and its kind. */
function walk(tree: unknown, visit: (kind: string, node: Tree) => void): void {
  if (typeof tree !== 'object' || tree === null) return;
  for (const [kind, node] of Object.entries(tree)) {
    if (typeof node === 'object' && node !== null && !Array.isArray(node)) visit(kind, node as Tree);
    walk(node, visit);
  }
}

function lookUp(kind: string, node: Tree, ctes: Set<string>): string | undefined {
  const parts = (names: unknown) => (Array.isArray(names) ? names.map((name) => (name as { String: { sval: string } }).String.sval) : []);
  switch (kind) {
    case 'A_Expr': {
      const name = parts(node.name);
      if (!['AEXPR_OP', 'AEXPR_OP_ANY', 'AEXPR_OP_ALL'].includes(String(node.kind))) return String(node.kind);
      return name.length < 2 ? `operator ${name.join('')}` : undefined;
    }
    case 'SubLink':
      // EXISTS, ARRAY and scalar subqueries compare nothing.
      return /ANY|ALL|ROWCOMPARE/.test(String(node.subLinkType)) && parts(node.operName).length < 2
        ? `subquery ${node.subLinkType}`
        : undefined;
    case 'JoinExpr':
      return node.usingClause || node.isNatural ? 'JOIN … USING' : undefined;
    case 'CaseExpr':
      return node.arg ? 'simple CASE' : undefined;
    case 'FuncCall':
      return parts(node.funcname).length < 2 ? `function ${parts(node.funcname).join('')}` : undefined;
    case 'TypeName':
    case 'typeName':
      return parts(node.names).length === 1 ? `type ${parts(node.names).join('')}` : undefined;
    case 'RangeVar':
    case 'relation':
      return node.relname && !node.schemaname && !ctes.has(String(node.relname)) ? `relation ${node.relname}` : undefined;
    default:
      return undefined;
  }
}
