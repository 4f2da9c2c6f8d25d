/** A column by its name, as written in SQL, and by whether it holds JSON. */
export interface TableColumn {
  name: string;
  quoted: string;
  kind: 'text' | 'json' | 'jsonb' | 'other';
}

/**
 * Returns the SQL of what LlamaIndex embeds of a row, for a table that its PGVectorStore made; undefined for any other table.
 *
 * LlamaIndex embeds "key: value" lines of the metadata, an empty line and the text, and stores the text alone. The order of the lines and the
 * fields that are left out are in the node, which is kept as a string of JSON among the metadata.
 */
export function llamaIndexText(columns: readonly TableColumn[]): string | undefined {
  const column = (name: string) => columns.find((candidate) => candidate.name === name);
  const [metadata, text] = [column('metadata_'), column('text')];
  if (text?.kind !== 'text' || column('node_id')?.kind !== 'text') return undefined;
  if (metadata?.kind !== 'json' && metadata?.kind !== 'jsonb') return undefined;
  const node = `(${metadata.quoted} ->> '_node_content'::text)::json`;
  // As Python writes them.
  const value = `CASE json_typeof(m.value) WHEN 'boolean' THEN initcap(m.value #>> '{}'::text[]) WHEN 'null' THEN 'None' ELSE m.value #>> '{}'::text[] END`;
  const lines =
    `(SELECT string_agg(m.key || ': '::text || ${value}, E'\\n' ORDER BY m.place)` +
    ` FROM json_each(${node} -> 'metadata'::text) WITH ORDINALITY AS m(key, value, place)` +
    ` WHERE m.key NOT IN (SELECT json_array_elements_text(${node} -> 'excluded_embed_metadata_keys'::text)))`;
  return `pg_catalog.btrim(pg_catalog.concat_ws(E'\\n\\n', ${lines}, ${text.quoted}::text), E' \\t\\n\\r')`;
}
