/**
 * What a reader cannot see, as a setting of the engine: a filter that is never true on each database's table of
 * personal data, and filters on the system tables that tell of it. Readers cannot change it under `readonly=1`. It
 * works on names, so it also holds for tables made later; a new database is known before anyone can have filled it.
 */
import { quoteText } from './quote.ts';
import { HIDDEN_TABLE } from './reader-rules.ts';

export type Hidden = {
  /** The `SET additional_table_filters = …` for the databases there are now. */
  statement(): Promise<string>;
  /** To be called before and after anything that may make or rename a database. */
  databasesMayChange(): void;
};

/** `listDatabases` is asked again only after a change. */
export function hiddenFrom(listDatabases: () => Promise<readonly string[]>): Hidden {
  let known: Promise<string> | undefined;
  return {
    async statement() {
      known ??= listDatabases().then(filterOf);
      const mine = known;
      try {
        return await mine;
      } catch (error) {
        if (known === mine) known = undefined;
        throw error;
      }
    },
    databasesMayChange() {
      known = undefined;
    },
  };
}

/** System tables that quote queries of others, or the data those choked on. */
const QUOTING = ['system.processes', 'system.errors', 'system.query_cache'];
/** System tables that tell about a table's content: values in mutations, smallest and largest ones in statistics. */
const TELLING = ['system.mutations', 'system.parts_columns', 'system.projection_parts_columns'];

/** A command that was set aside may hold an address and a name; an event holds neither. */
const EVENTS_ONLY = `kind = 'event'`;

function filterOf(databases: readonly string[]): string {
  const filters: [table: string, condition: string][] = [
    ...QUOTING.map((table): [string, string] => [table, '0']),
    ...TELLING.map((table): [string, string] => [table, `table != ${quoteText(HIDDEN_TABLE)}`]),
    ...databases.map((database): [string, string] => [`${database}.${HIDDEN_TABLE}`, '0']),
    ...databases.map((database): [string, string] => [`${database}.dead_letters`, EVENTS_ONLY]),
  ];
  const pairs = filters.map(([table, condition]) => `${quoteText(table)}: ${quoteText(condition)}`);
  return `SET additional_table_filters = {${pairs.join(', ')}}`;
}
