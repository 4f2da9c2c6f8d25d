import { isCancel, multiselect, password, select, text } from '@clack/prompts';
import { isConnectionString } from '../database/address.ts';
import { knownDimensions, modelsWith } from '../embedding/model-catalog.ts';
import { ReembedError } from '../errors.ts';
import { visible } from '../print-text.ts';
import { counted } from '../wording.ts';
import { promptAddress } from './address-prompt.ts';
import type { VectorColumn } from './vector-columns.ts';

/** Thrown when the user cancels a question. */
export class InitCancelled extends ReembedError {
  constructor() {
    super('cancelled', 'nothing was written', 'run npm run init again');
  }
}

/** Asks for the address of the database. */
export async function askDatabase(): Promise<string> {
  return answer(
    promptAddress('Address of the PostgreSQL database', 'postgres://user:password@localhost:5432/app', (value) =>
      isConnectionString(value ?? '') ? undefined : 'postgres://USER:PASSWORD@HOST:PORT/DATABASE is needed',
    ),
  );
}

/** Asks which vectors are to be moved to another model. */
export async function askColumn(columns: readonly VectorColumn[]): Promise<VectorColumn> {
  const options = columns.map((column) => ({
    value: column,
    label: visible(`${column.table}.${column.column}`),
    hint: [column.dimensions && `${column.dimensions} dimensions`, column.rows !== null && `about ${counted(column.rows, 'row')}`]
      .filter(Boolean)
      .join(', '),
  }));
  return answer(select({ message: 'Vectors to be moved to another model', options }));
}

/** Asks which columns the vectors were made of. */
export async function askText({ textColumns }: VectorColumn): Promise<string[]> {
  const options = textColumns.map((column) => ({ value: column, label: visible(column) }));
  return answer(
    multiselect({ message: 'Columns of the text that was embedded (space selects)', options, initialValues: textColumns.slice(0, 1) }),
  );
}

/** Asks which model the present vectors are of; empty if nobody knows. */
export async function askOldModel({ dimensions }: VectorColumn): Promise<string> {
  const usual = dimensions === null ? undefined : modelsWith(dimensions).find((model) => model.dimensions === dimensions);
  return answer(
    text({
      message: 'Model of the present vectors; without it they cannot be kept current for a rollback',
      placeholder: usual ? `for example ${usual.name}` : '',
      defaultValue: '',
    }),
  );
}

/** Asks for the new model. */
export async function askNewModel(): Promise<string> {
  return answer(
    text({
      message: 'New model',
      placeholder: 'text-embedding-3-small',
      validate: (value) => (value?.trim() ? undefined : 'its name at the provider is needed'),
    }),
  );
}

/** Asks for the dimensions of the new model. */
export async function askDimensions(model: string): Promise<number> {
  const known = knownDimensions(model);
  return Number(
    await answer(
      text({
        message: `Dimensions of ${visible(model)}`,
        ...(known === undefined ? {} : { initialValue: String(known) }),
        validate: (value) => (/^[1-9]\d{0,4}$/.test(value ?? '') ? undefined : 'a whole number above 0 is needed'),
      }),
    ),
  );
}

/** Asks for the address of the provider. */
export async function askProvider(usual: string): Promise<string> {
  return answer(
    text({
      message: 'Address of the provider (OpenAI-compatible)',
      initialValue: usual,
      validate: (value) => (/^https?:\/\/[^@\s]+$/.test(value ?? '') ? undefined : 'an http or https address without a password is needed'),
    }),
  );
}

/** Asks for the key of the provider; empty to set it later. */
export async function askKey(): Promise<string> {
  return (await answer(password({ message: 'Its API key (empty: set OPENAI_API_KEY later)' }))) ?? '';
}

async function answer<T>(asked: Promise<T>): Promise<Exclude<T, symbol>> {
  const given = await asked;
  if (isCancel(given)) throw new InitCancelled();
  return given as Exclude<T, symbol>;
}
