/** Whatever happens, in whatever order: the books of the model balance. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HISTORY_START_MS, histories, type Step } from './histories.ts';
import { applyCommand, applyEvent, broken, createModel, type Model, readBalance, readUsage, setBook } from './index.ts';
import { BOOK, BOOK_WITH_LATE } from './script.ts';

const send = (model: Model, step: Step): void => {
  if (step.kind === 'event') applyEvent(model, step.event, step);
  else if (step.kind === 'command') applyCommand(model, step.command, step);
  else readBalance(model, step.accountId, step.clock);
};

/** Tells a story to a new model, with something to do after every step. */
const tell = (steps: readonly Step[], afterwards: (model: Model, step: Step) => void = () => {}): Told => {
  const model = createModel({ book: BOOK });
  for (const step of steps) {
    send(model, step);
    afterwards(model, step);
  }
  return { model, clock: steps.at(-1)?.clock ?? HISTORY_START_MS };
};
type Told = { readonly model: Model; readonly clock: number };

test('the ledger is sound after every step', () => {
  fc.assert(
    fc.property(histories(60), (steps) => {
      tell(steps, (model) => expect(broken(model)).toEqual([]));
    }),
    { numRuns: 100 },
  );
});

test('no upsert, close, setting, purchase, void or reset lowers the bonus', () => {
  const bonuses = (model: Model) =>
    new Map([...model.accounts].map(([id, { entries }]) => [id, entries.at(-1)?.bonusAfter ?? 0n]));
  fc.assert(
    fc.property(histories(60), (steps) => {
      let before = new Map<string, bigint>();
      tell(steps, (model, step) => {
        const after = bonuses(model);
        const harmless = step.kind === 'read' || (step.kind === 'command' && step.command.type !== 'credits.refund');
        // An account that appears has parked calls to pay; one that was known only gains.
        if (harmless) for (const [id, had] of before) expect(after.get(id)! >= had).toBe(true);
        before = after;
      });
    }),
    { numRuns: 100 },
  );
});

test('asking changes nothing that is not due: the same ledger, whoever looks in between', () => {
  const facts = ({ model, clock }: Told) => {
    const balances = ['a', 'b'].map((id) => readBalance(model, id, clock));
    const entries = [...model.accounts.values()].map((account) =>
      account.entries.map(({ at: _at, ...entry }) => entry),
    );
    return { balances, entries, usage: readUsage(model, { by: ['account', 'server', 'model', 'cycle'] }, clock) };
  };
  fc.assert(
    fc.property(histories(60), (steps) => {
      const asked = tell(steps, (model, { clock }) => {
        for (const id of ['a', 'b']) readBalance(model, id, clock);
      });
      expect(facts(asked)).toEqual(facts(tell(steps)));
    }),
    { numRuns: 60 },
  );
});

test('everything sent twice has the effect of once', () => {
  const balances = ({ model, clock }: Told) => ['a', 'b'].map((id) => readBalance(model, id, clock));
  fc.assert(
    fc.property(histories(60), (steps) => {
      expect(balances(tell(steps, send))).toEqual(balances(tell(steps)));
    }),
    { numRuns: 60 },
  );
});

test('an alert never fires twice without being armed in between, and every loud crossing is in a mail', () => {
  fc.assert(
    fc.property(histories(60), (steps) => {
      const { model } = tell(steps);
      for (const { crossings, mails, alerts } of model.accounts.values()) {
        const told = mails.flatMap(({ crossing, others }) => (crossing ? [crossing, ...others] : []));
        for (const crossing of told) expect(crossings).toContain(crossing);
        // A mail that was taken back is never sent: what it told and still stands is told by a later one.
        const sent = mails.filter(({ status }) => status !== 'superseded');
        const heard = sent.flatMap(({ crossing, others }) => (crossing ? [crossing, ...others] : []));
        expect(new Set(heard).size).toBe(heard.length);
        expect(mails.filter(({ kind, status }) => kind === 'alert' && status === 'unsent').length).toBeLessThanOrEqual(
          1,
        );
        expect(alerts.slice(0, 2).map(({ alert }) => alert.id)).toEqual(['low', 'depleted']);
      }
    }),
    { numRuns: 60 },
  );
});

test('what the rollups sum up to is what the events cost, and nothing waits once account and model are known', () => {
  fc.assert(
    fc.property(histories(60), (steps) => {
      const { model, clock } = tell(steps);
      setBook(model, BOOK_WITH_LATE, clock);
      expect(model.parked.filter(({ reason }) => reason === 'unknown-model')).toEqual([]);
      for (const row of readUsage(
        model,
        { by: ['account', 'server', 'model', 'keySource', 'cycle'], bucket: 'day' },
        clock,
      )) {
        const [cost, ...parts] = [row.credits, row.monthlyCredits, row.bonusCredits, row.uncoveredCredits].map(Number);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(cost!, 6);
        if (row.keySource === 'byok') expect(cost).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});
