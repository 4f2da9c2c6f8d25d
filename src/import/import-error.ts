import { ReembedError, UsageError } from '../errors.ts';
import { counted, plural } from '../wording.ts';

/** Thrown for a source that is no address of a Chroma collection. The message does not repeat it, because it may hold a token. */
export class BadSource extends UsageError {
  constructor(reason: string) {
    super(`the source is not the address of a Chroma collection: ${reason}`, 'write it as chroma://host:8000/collection');
  }
}

/** Thrown when no Chroma server answers at the address. */
export class ChromaUnreachable extends ReembedError {
  constructor(server: string, cause: unknown) {
    super(
      'chroma_unreachable',
      `no Chroma server answers at ${server}`,
      'check host and port and that the server runs; an address that redirects is not followed; TLS is chroma+https://',
      { cause },
    );
  }
}

/** Thrown when the server refuses the token, the user or the password. */
export class ChromaLoginRefused extends ReembedError {
  constructor(server: string, cause: unknown) {
    super(
      'chroma_login_refused',
      `the Chroma server at ${server} refuses the login`,
      'check CHROMA_API_KEY, or user and password of the address',
      {
        cause,
      },
    );
  }
}

/** Thrown when the server fails or refuses a request. */
export class ChromaRefused extends ReembedError {
  constructor(server: string, message: string, cause: unknown) {
    super(
      'chroma_refused',
      `the Chroma server at ${server} refuses a request: ${message}`,
      'see the log of the server, then run the same command again',
      {
        cause,
      },
    );
  }
}

/** Thrown when there is no such collection. */
export class NoSuchCollection extends ReembedError {
  constructor(collection: string, place: string, candidates: readonly string[]) {
    super(
      'no_such_collection',
      `there is no collection ${collection} in ${place}`,
      candidates.length > 0
        ? `its collections: ${candidates.join(', ')}`
        : 'it has no collection; check tenant and database: ?tenant=NAME&database=NAME',
    );
  }
}

/** Thrown for a collection without records. */
export class EmptyCollection extends ReembedError {
  constructor(collection: string) {
    super('empty_collection', `collection ${collection} is empty`, 'there is nothing to import; check tenant and database of the address');
  }
}

/** Thrown for a collection of vectors alone: without texts, no model can embed them again. */
export class NoDocuments extends ReembedError {
  constructor(collection: string) {
    super(
      'no_documents',
      `no record of collection ${collection} has a document, so there is no text to embed with another model`,
      'import the texts from where they are stored, and the vectors with them',
    );
  }
}

/** Thrown for vectors that pgvector cannot store. */
export class UnfitDimensions extends ReembedError {
  constructor(collection: string, dimensions: number, most: number) {
    super(
      'unfit_dimensions',
      `the vectors of collection ${collection} have ${dimensions} dimensions; pgvector stores at most ${most}`,
      'such vectors cannot be imported',
    );
  }
}

/** Thrown when the table exists and cannot take the records. */
export class TableDoesNotFit extends ReembedError {
  constructor(table: string, reason: string, remedy: string) {
    super('table_does_not_fit', `${table} cannot take the collection: ${reason}`, remedy);
  }
}

/** Thrown when the schema of the table does not exist. */
export class NoSuchSchema extends ReembedError {
  constructor(schema: string) {
    super(
      'no_such_schema',
      `there is no schema ${schema} in which to create the table`,
      `CREATE SCHEMA ${schema}, or name another one in --table`,
    );
  }
}

/** Thrown when rows of the table have the ids of records and another content. */
export class IdsTaken extends ReembedError {
  constructor(table: string, rows: number, ids: readonly string[]) {
    super(
      'ids_taken',
      `${counted(rows, 'row')} of ${table} ${plural(rows, 'has', 'have')} the id of a record and another content: ${ids.join(', ')}${rows > ids.length ? ', …' : ''}`,
      'nothing was changed: name another --table, or overwrite these rows with --replace',
    );
  }
}

/** Thrown when PostgreSQL refuses so many records that the cause is not a record. */
export class TooManyLeftOut extends ReembedError {
  constructor(table: string, records: number, reason: string) {
    super(
      'too_many_left_out',
      `${table} refuses too many records (${records}), the last one because of this: ${reason}`,
      'change the table, then run the same command again: what is stored is not copied twice',
    );
  }
}

/** Thrown at the end when some records could not be stored. */
export class RecordsLeftOut extends ReembedError {
  constructor(records: number, first: { id: string; reason: string }) {
    super(
      'records_left_out',
      `${counted(records, 'record')} could not be stored; the first is ${first.id}: ${first.reason}`,
      'correct or delete them in the collection, then run the same command again; --json lists them',
    );
  }
}

/** Thrown at the end when the table is not what the collection is. */
export class ImportDiffers extends ReembedError {
  constructor(table: string, missing: number, different: number) {
    super(
      'import_differs',
      `${counted(missing, 'record')} ${plural(missing, 'is', 'are')} missing in ${table} and ${counted(different, 'differs', 'differ')}: collection or table changed during the import`,
      `run the same command again${different > 0 ? ' with --replace, if the collection is right' : ''}: only these are copied`,
    );
  }
}
