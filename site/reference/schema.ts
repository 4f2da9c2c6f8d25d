import { readSource } from '../pages.ts';

/** A column of a table or view, or one setting. */
export interface Column {
  name: string;
  /** empty for a view, whose types its definition does not state */
  type: string;
  default: string | undefined;
  comment: string;
}

/** An object of schema reembed. */
export interface SchemaObject {
  kind: 'TABLE' | 'VIEW' | 'FUNCTION' | 'PROCEDURE';
  name: string;
  /** parameters of a function, with their types and defaults */
  parameters: string;
  /** what a function returns */
  returns: string;
  comment: string;
  columns: Column[];
}

const CREATE = /^CREATE (TABLE|VIEW|FUNCTION|PROCEDURE) reembed\.(\w+)/;
const ROUTINE = /^CREATE \w+ reembed\.\w+\(([\s\S]*?)\)(?: RETURNS ([\s\S]*?))?\n {4}LANGUAGE /;
const COMMENT = /^COMMENT ON (\w+) reembed\.([\s\S]*?) IS '([\s\S]*)';$/;
const COLUMN = /^ {4}(?!CONSTRAINT )(\w+) (.+?)(?: DEFAULT (.+?))?(?: NOT NULL)?,?$/;

/** Objects of schema reembed, in the order of test/schema.sql, which a test compares with a fresh installation. */
export function readSchema(): SchemaObject[] {
  const objects: SchemaObject[] = [];
  for (const statement of readSource('test/schema.sql').split('\n\n')) {
    const [, kind, name = ''] = CREATE.exec(statement) ?? [];
    if (kind) objects.push({ kind: kind as SchemaObject['kind'], name, ...partsOf(statement), comment: '' });
    else addComment(objects, statement);
  }
  return objects;
}

function partsOf(statement: string): Pick<SchemaObject, 'parameters' | 'returns' | 'columns'> {
  const [, parameters = '', returns = ''] = ROUTINE.exec(statement) ?? [];
  const lines = statement.startsWith('CREATE TABLE') ? statement.split('\n') : [];
  const columns = lines.flatMap((line) => {
    const [, name, type = '', value] = COLUMN.exec(line) ?? [];
    return name ? [{ name, type, default: value, comment: '' }] : [];
  });
  return { parameters, returns, columns };
}

/** A comment follows its object in the file. */
function addComment(objects: SchemaObject[], statement: string): void {
  const [, kind, named = '', quoted = ''] = COMMENT.exec(statement) ?? [];
  const comment = quoted.replaceAll("''", "'");
  const [name, columnName] = named.replace(/\([\s\S]*/, '').split('.');
  const object = objects.findLast((candidate) => candidate.name === name);
  if (!object) return;
  if (kind !== 'COLUMN') object.comment = comment;
  else {
    const column = object.columns.find((candidate) => candidate.name === columnName);
    if (column) column.comment = comment;
    else if (columnName) object.columns.push({ name: columnName, type: '', default: undefined, comment });
  }
}
