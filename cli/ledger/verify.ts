/**
 * Walks an account's chain (core/ledger-chain.ts) from its start, compares each link with what it stands for, and names
 * the first that does not hold. Finds what was changed, removed, added or moved after it was written; an end that was
 * cut off shows in the balances. Memory is bounded by a stretch, whatever the length of the ledger.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { chainStart, chainValue, type LinkKind } from '../../core/ledger-chain.ts';
import { formatCredits } from '../../core/money.ts';
import { LINKS } from './chain-queries.ts';
import { chainedEntries, chainedUsage, type FoundEntry, type FoundUsage, type Stretch } from './chained-rows.ts';
import type { LedgerLine } from './lines.ts';

/** Links of one stretch, and rows that they may stand for: some 50 MB at most. */
const LINKS_MAX = 5_000;
const STRETCH_ROWS_MAX = 200_000;

/** The JSON of `ledger --verify`. */
export interface ChainReport {
  readonly accountId: string;
  readonly intact: boolean;
  readonly entries: number;
  readonly usageRows: number;
  /** Everything up to this block was walked. */
  readonly block: number;
  /** The last value that holds, hex: noted elsewhere, it proves later that nothing before it was made anew. */
  readonly head: string;
  readonly broken: Broken | null;
}

export interface Broken {
  /** 0 where it is no single block's. */
  readonly block: number;
  readonly sequence: number | null;
  readonly index: number | null;
  readonly kind: string;
  /** A sentence for a person. */
  readonly what: string;
}

interface Link {
  readonly block: number;
  readonly place: number;
  readonly kind: LinkKind;
  readonly rows: number;
  readonly index: number;
  readonly sequence: number;
  readonly content: Buffer;
  readonly chain: Buffer;
}

/** Walks everything up to `block`, which must be in ClickHouse whole. */
export async function verifyChain(
  clickhouse: ClickHouseClient,
  accountId: string,
  block: number,
): Promise<ChainReport> {
  const walk = new Walk(accountId);
  let broken: Broken | undefined;
  for (let after = 0; after < block && broken === undefined; ) {
    const { links, last } = await nextLinks(clickhouse, { account: accountId, after, last: block });
    const stretch = { account: accountId, after, last };
    const [entries, usage] = await Promise.all([
      chainedEntries(clickhouse, stretch),
      chainedUsage(clickhouse, stretch),
    ]);
    broken = walk.step(links, entries, usage);
    after = last;
  }
  const { entries, usageRows, head } = walk;
  return {
    ...{ accountId, intact: broken === undefined, entries, usageRows, block },
    head: head.toString('hex'),
    broken: broken ?? null,
  };
}

/** What Redis says the account has, and the ledger's last lines do not; undefined where they agree. */
export async function cutOff(
  lines: AsyncIterable<LedgerLine>,
  held: { readonly cycle: number; readonly monthly: number; readonly bonus: number },
): Promise<Broken | undefined> {
  let [monthly, bonus] = [0n, 0n];
  for await (const line of lines) {
    bonus = line.bonusAfter;
    if (line.cycle === held.cycle) monthly = line.monthlyAfter;
  }
  if (monthly === BigInt(held.monthly) && bonus === BigInt(held.bonus)) return undefined;
  const ends = `${formatCredits(monthly)} monthly and ${formatCredits(bonus)} bonus credits`;
  const says = `${formatCredits(BigInt(held.monthly))} and ${formatCredits(BigInt(held.bonus))}`;
  const what = `The ledger ends with ${ends}, and the account has ${says}: the end of the ledger is missing, or the account was changed.`;
  return { block: 0, sequence: null, index: null, kind: 'balance', what };
}

/** The links of the next blocks, whole blocks only, and the last block that they reach. */
async function nextLinks(clickhouse: ClickHouseClient, stretch: Stretch): Promise<{ links: Link[]; last: number }> {
  const query_params = { ...stretch, limit: LINKS_MAX };
  const result = await clickhouse.query({ query: LINKS, query_params, format: 'JSONCompactEachRow' });
  const links = (await result.json<(string | number)[]>()).map(toLink);
  const cut = cutAt(links);
  if (cut === links.length && links.length < LINKS_MAX) return { links, last: stretch.last };
  // One block has fewer links than LINKS_MAX, unless somebody made them up: then it is walked as it is.
  const whole = links.slice(0, cut === links.length ? firstOfLast(links) || cut : cut);
  return { links: whole, last: whole.at(-1)!.block };
}

/** Where the rows that links stand for become too many: at the start of a block, after at least one. */
function cutAt(links: readonly Link[]): number {
  let rows = 0;
  for (const [i, link] of links.entries()) {
    const isNext = i > 0 && link.block !== links[i - 1]!.block;
    if (isNext && rows >= STRETCH_ROWS_MAX) return i;
    rows += link.rows;
  }
  return links.length;
}

/** Place of the first link of the last block, which the page may have cut in two. */
const firstOfLast = (links: readonly Link[]): number => links.findIndex((link) => link.block === links.at(-1)!.block);

function toLink([block, place, kind, rows, index, sequence, content, chain]: readonly (string | number)[]): Link {
  return {
    ...{ block: Number(block), place: Number(place), kind: kind as LinkKind, rows: Number(rows) },
    ...{ index: Number(index), sequence: Number(sequence) },
    content: Buffer.from(String(content), 'hex'),
    chain: Buffer.from(String(chain), 'hex'),
  };
}

class Walk {
  entries = 0;
  usageRows = 0;
  head: Buffer;
  private readonly accountId: string;

  constructor(accountId: string) {
    this.accountId = accountId;
    this.head = chainStart(accountId);
  }

  /** Follows the links of a stretch; the first that does not hold, if any. */
  step(
    links: readonly Link[],
    entries: readonly FoundEntry[],
    usage: ReadonlyMap<number, FoundUsage>,
  ): Broken | undefined {
    const waiting = [...entries];
    const rows = new Map(usage);
    let before: Link | undefined;
    for (const link of links) {
      const early = waiting[0];
      if (early !== undefined && early.block < link.block) return strayEntry(early);
      const [earlyUsage] = rows;
      if (earlyUsage !== undefined && earlyUsage[0] < link.block) return strayUsage(...earlyUsage);
      const place = before?.block === link.block ? before.place + 1 : 0;
      const broken = this.follow(link, place) ?? this.compare(link, waiting, rows);
      if (broken !== undefined) return broken;
      before = link;
    }
    const [stray] = waiting;
    if (stray !== undefined) return strayEntry(stray);
    const [strayRows] = rows;
    return strayRows === undefined ? undefined : strayUsage(...strayRows);
  }

  private follow(link: Link, place: number): Broken | undefined {
    const value = chainValue(this.head, { ...link, accountId: this.accountId });
    if (link.place !== place || !value.equals(link.chain)) {
      return brokenAt(link, 'does not follow from the link before it: one of the two was changed, removed or added');
    }
    this.head = value;
    return undefined;
  }

  /** Takes from what lies in ClickHouse what the link stands for. */
  private compare(link: Link, waiting: FoundEntry[], usage: Map<number, FoundUsage>): Broken | undefined {
    if (link.kind === 'entry') {
      const entry = waiting[0];
      if (entry?.block !== link.block) return brokenAt(link, 'is missing from ledger_entries');
      const isSame = entry.sequence === link.sequence && entry.index === link.index;
      if (!isSame) {
        const isOlder =
          entry.sequence < link.sequence || (entry.sequence === link.sequence && entry.index < link.index);
        return isOlder ? strayEntry(entry) : brokenAt(link, 'is missing from ledger_entries');
      }
      if (!entry.content.equals(link.content)) return brokenAt(link, `(${entry.kind}) was changed in ledger_entries`);
      waiting.shift();
      this.entries += 1;
      return undefined;
    }
    const found = usage.get(link.block) ?? { rows: 0, content: Buffer.alloc(0) };
    if (found.rows !== link.rows) {
      return brokenAt(
        link,
        `stood for ${link.rows} rows of usage_events when it was written, and ${found.rows} are there`,
      );
    }
    if (!found.content.equals(link.content)) {
      return brokenAt(link, `stands for ${link.rows} rows of usage_events, and one of them was changed`);
    }
    usage.delete(link.block);
    this.usageRows += link.rows;
    return undefined;
  }
}

function brokenAt({ block, sequence, index, kind }: Link, words: string): Broken {
  const name = kind === 'entry' ? 'The entry' : 'The usage up to';
  return { ...{ block, sequence, index, kind }, what: `${name} ${sequence}.${index} (block ${block}) ${words}.` };
}

function strayEntry({ block, sequence, index, kind }: FoundEntry): Broken {
  const what = `The entry ${sequence}.${index} (${kind}, block ${block}) is in no link: it was added, or its link removed.`;
  return { block, sequence, index, kind: 'entry', what };
}

function strayUsage(block: number, { rows }: FoundUsage): Broken {
  const what = `Block ${block} has ${rows} rows of usage_events in no link: they were added, or their link removed.`;
  return { block, sequence: null, index: null, kind: 'usage', what };
}
