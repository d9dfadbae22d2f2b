/** Rule 9: when alerts fire, when they are armed again, what is sent of it. */
import { describe, expect, test } from '@jest/globals';
import { DAY_MS } from '../../core/limits.ts';
import { micros } from '../../core/money.ts';
import type { Alert } from '../../core/types.ts';
import { applyEvents, runJobs, sendMails } from './index.ts';
import { ms, story } from './script.ts';

const below = (id: string, credits: number): Alert => ({ id, kind: 'absolute', credits: micros(credits * 1_000_000) });
const percent = (id: string, percent: number): Alert => ({ id, kind: 'percent', percent });
const started = (monthly = '100') => {
  const s = story();
  s.upsert({ monthly });
  return s;
};

describe('the two alerts that every account has', () => {
  test('fire at 20 percent and at nothing, once each', () => {
    const s = started();
    s.call('79');
    expect(s.states()).toEqual(['low: armed', 'depleted: armed']);
    s.call('1');
    s.call('5');
    expect(s.states()).toEqual(['low: fired', 'depleted: armed']);
    s.call('15');
    s.call('15');
    expect(s.states()).toEqual(['low: fired', 'depleted: fired']);
    expect(s.mails()).toEqual(['alert low superseded', 'alert depleted unsent']);
  });

  test('both crossed in one commit make one mail, the most severe', () => {
    const s = started();
    s.call('100');
    expect(s.mails()).toEqual(['alert depleted unsent']);
    expect(s.model.accounts.get('a')!.mails[0]!.others.map(({ alert }) => alert.id)).toEqual(['low']);
  });

  test('in one commit of several events too', () => {
    const s = started();
    const one = s.call('0');
    const event = one.outcome === 'accepted' ? one.charge.event : undefined!;
    const tokens = { ...event.tokens, input: 50_000 };
    const batch = ['x', 'y'].map((id) => ({ event: { ...event, id, tokens }, queuedAt: s.now() }));
    applyEvents(s.model, batch, s.now());
    expect(s.mails()).toEqual(['alert depleted unsent']);
  });

  test('start as fired, silently, on an account that has nothing', () => {
    const s = started('0');
    expect(s.states()).toEqual(['low: armed', 'depleted: fired']); // low is off: nothing was granted
    expect(s.mails()).toEqual([]);
    s.purchase('5');
    s.call('5');
    expect(s.mails()).toEqual(['alert depleted unsent']);
  });

  test('bonus counts as remaining, and percent is of the grant', () => {
    const s = started();
    s.purchase('30');
    s.call('100');
    expect(s.states()).toEqual(['low: armed', 'depleted: armed']);
    s.call('10');
    expect(s.states()).toEqual(['low: fired', 'depleted: armed']);
  });
});

describe('an alert is armed again', () => {
  test('by a purchase that lifts it clearly above, and fires again', () => {
    const s = started();
    s.call('80');
    s.purchase('0.999999');
    expect(s.states()[0]).toBe('low: fired');
    s.purchase('0.000001'); // 21: a credit above 20, which is 5 % of it too
    expect(s.states()[0]).toBe('low: armed');
    s.call('1');
    expect(s.mails()).toEqual(['alert low superseded', 'alert low unsent']);
  });

  test('by a reset', () => {
    const s = started();
    s.call('100');
    s.at('2026-02-01');
    expect(s.states()).toEqual(['low: armed', 'depleted: armed']);
    expect(s.mails()).toEqual(['alert depleted superseded']);
  });

  test('by a larger plan', () => {
    const s = started();
    s.call('90');
    s.upsert({ monthly: '200' });
    expect(s.states()[0]).toBe('low: armed');
  });

  test('not by flapping: a thousand times around the threshold make one mail, a purchase in between two', () => {
    const s = started();
    s.call('79.5');
    const flap = (name: string, times: number) => {
      for (let i = 0; i < times; i += 1) {
        s.call('0.8', { id: `${name}${i}` });
        s.void(`${name}${i}`);
      }
    };
    flap('first', 1000);
    expect(s.mails()).toHaveLength(1);
    s.purchase('10');
    s.call('10');
    flap('second', 10);
    expect(s.mails()).toHaveLength(2);
  });

  test('a reset can fire one: a smaller plan, or none', () => {
    const s = started();
    s.alerts([below('mine', 50)]);
    s.upsert({ monthly: '40' });
    s.at('2026-02-01');
    expect(s.states()).toEqual(['low: armed', 'depleted: armed', 'mine: fired']);
    expect(s.mails()).toEqual(['alert mine unsent']);
    s.upsert({ monthly: '0' });
    s.at('2026-03-01');
    expect(s.states()).toEqual(['low: armed', 'depleted: fired', 'mine: fired']);
  });

  test('what a reset fires and the rest of the same commit arms again is not mailed', () => {
    const s = started();
    s.upsert({ monthly: '0' });
    s.at('2026-02-15');
    s.upsert({ monthly: '100' });
    expect(s.model.accounts.get('a')!.crossings.map(({ alert, by }) => `${alert.id} ${by}`)).toEqual([
      'depleted reset',
    ]);
    expect(s.states()).toEqual(['low: armed', 'depleted: armed']);
    expect(s.mails()).toEqual([]);
  });
});

describe('alerts.set', () => {
  test('is the whole list; what is unchanged keeps its state, the rest starts anew', () => {
    const s = started();
    s.alerts([below('one', 60), percent('two', 50)]);
    s.call('55');
    expect(s.states().slice(2)).toEqual(['one: fired', 'two: fired']);
    s.purchase('6'); // 51 left: above both, not enough to arm either
    s.alerts([below('one', 60), percent('two', 45), percent('three', 50)]);
    expect(s.states().slice(2)).toEqual(['one: fired', 'two: armed', 'three: fired']); // three is what two was
    s.alerts([]);
    expect(s.states()).toEqual(['low: armed', 'depleted: armed']);
  });

  test('one set where the balance already is starts as fired, silently', () => {
    const s = started();
    s.alerts([below('mine', 100)]);
    expect(s.states()[2]).toBe('mine: fired');
    expect(s.mails()).toEqual([]);
    s.call('10');
    expect(s.mails()).toEqual([]);
  });

  test('an account’s own alert may be named like a built-in one', () => {
    const s = started();
    s.alerts([below('low', 90)]);
    s.call('10');
    expect(s.states()).toEqual(['low: armed', 'depleted: armed', 'low: fired']);
    s.purchase('10');
    expect(s.mails()).toEqual(['alert low superseded']);
  });

  test('the lowest threshold is the most severe', () => {
    const s = started();
    s.alerts([below('fifty', 50), percent('ten', 10), below('thirty', 30)]);
    s.call('70');
    expect(s.mails()).toEqual(['alert thirty unsent']);
    s.call('25');
    expect(s.mails()).toEqual(['alert thirty superseded', 'alert ten unsent']);
  });

  test('another name for the same alert changes nothing', () => {
    const s = started();
    s.alerts([below('mine', 50)]);
    s.call('55');
    s.purchase('6'); // 51 left: not enough to arm it
    s.alerts([below('renamed', 50)]);
    expect(s.states()[2]).toBe('renamed: fired');
    s.call('2');
    expect(s.mails()).toEqual(['alert mine unsent']);
  });

  test('removing an alert takes its unsent mail back', () => {
    const s = started();
    s.alerts([below('mine', 50)]);
    s.call('60');
    s.alerts([]);
    expect(s.mails()).toEqual(['alert mine superseded']);
  });
});

describe('mails', () => {
  test('a newer one supersedes one that is unsent, not one that was sent', () => {
    const s = started();
    s.call('80');
    sendMails(s.model);
    s.call('20');
    expect(s.mails()).toEqual(['alert low sent', 'alert depleted unsent']);
  });

  test('one that is taken back for what is armed again tells anew what else is still crossed', () => {
    const s = started();
    s.call('100');
    s.purchase('2');
    expect(s.mails()).toEqual(['alert depleted superseded', 'alert low unsent']);
    s.purchase('30');
    expect(s.mails()).toEqual(['alert depleted superseded', 'alert low superseded']);
  });

  test('silent: crossings are recorded, nothing is sent', () => {
    const s = started();
    s.purchase('50', { id: 'buy' });
    s.call('105');
    s.alerts([below('mine', 40)]);
    s.refund('buy', '10', { silent: true });
    expect(s.states()[2]).toBe('mine: fired');
    expect(s.model.accounts.get('a')!.crossings).toMatchObject([
      { alert: { id: 'mine' }, by: 'command', silent: true },
    ]);
    expect(s.mails()).toEqual([]);
  });

  test('a silent command does not silence the reset that was due before it', () => {
    const s = started();
    s.upsert({ monthly: '0' });
    s.at('2026-02-01');
    s.limit('5', { silent: true });
    expect(s.mails()).toEqual(['alert depleted unsent']);
  });
});

describe('mails that are no alerts', () => {
  test('a receipt for each purchase, none for a silent one', () => {
    const s = started();
    s.purchase('5');
    s.purchase('5', { silent: true });
    s.purchase('5');
    expect(s.letters()).toEqual(['receipt unsent', 'receipt unsent']);
  });

  test('credits are restored, for who was told that there were none', () => {
    const s = started();
    s.call('100');
    s.purchase('0.5');
    expect(s.letters()).toEqual(['receipt unsent']);
    s.call('0.5');
    sendMails(s.model);
    s.void('e-unknown');
    s.purchase('2');
    expect(s.letters()).toEqual(['receipt sent', 'receipt unsent', 'restored unsent']);
    s.call('2');
    expect(s.letters().at(-1)).toBe('restored superseded');
  });

  test('a reset says itself what came, and missed ones make one mail', () => {
    const s = started();
    s.call('100');
    sendMails(s.model);
    s.at('2026-03-15');
    s.balance();
    expect(s.letters()).toEqual(['monthly-reset superseded', 'monthly-reset unsent']);
  });

  test('a reset that neither expired nor granted anything is not mailed', () => {
    const s = started('0');
    s.at('2026-02-15');
    s.balance();
    expect(s.letters()).toEqual([]);
  });

  test('a fifth of the grant or more that expires within three days is told once a cycle', () => {
    const s = started();
    s.call('80');
    s.at('2026-01-28T23:59:59.999Z');
    runJobs(s.model, s.now());
    expect(s.letters()).toEqual([]);
    for (let times = 0; times < 2; times += 1) {
      s.at(1);
      runJobs(s.model, s.now());
      expect(s.letters()).toEqual(['expiring unsent']);
    }
    s.at('2026-02-01');
    expect(s.balance().monthly.cycle).toBe(2);
    expect(s.letters()).toEqual(['expiring superseded', 'monthly-reset unsent']);
  });

  test('a closed account’s unsent mails are taken back', () => {
    const s = started();
    s.purchase('5');
    s.close();
    expect(s.letters()).toEqual(['receipt superseded']);
  });
});

describe('runway', () => {
  const runway: Alert = { id: 'soon', kind: 'runway', days: 3 };
  const dayly = (days: number) => {
    const s = story().at('2026-01-02T12:00:00Z');
    s.upsert();
    s.alerts([runway]);
    for (let day = 0; day < days; day += 1) {
      s.call('10');
      s.at(DAY_MS);
    }
    return s;
  };

  test('fires when the credits last three days at the mean of the last seven, before the reset', () => {
    const s = dayly(6); // 60 used in 6 days, 40 left: four days
    runJobs(s.model, s.now());
    expect(s.states()[2]).toBe('soon: armed');
    s.call('10');
    expect(s.states()[2]).toBe('soon: fired');
    expect(s.mails()).toEqual(['alert soon unsent']);
  });

  test('does not count what was voided', () => {
    const s = dayly(6);
    for (const { event } of s.model.accounts.get('a')!.charges.slice(0, 3)) s.void(event.id);
    s.call('60'); // 10 left: two days at the 5 a day of the six before today
    expect(s.states()).toEqual(['low: fired', 'depleted: armed', 'soon: fired']);
    expect(s.model.accounts.get('a')!.crossings.at(-1)).toMatchObject({ threshold: 15_000_000n });
  });

  test('is silent with under two days of data', () => {
    const s = story().at('2026-01-02T12:00:00Z');
    s.upsert();
    s.alerts([runway]);
    s.call('70');
    s.at(DAY_MS);
    runJobs(s.model, s.now());
    expect(s.states()[2]).toBe('soon: armed'); // one complete day
    s.at(DAY_MS);
    runJobs(s.model, s.now());
    expect(s.states()[2]).toBe('soon: fired'); // 35 a day, 30 left
  });

  test('no run-out before the reset, no alert', () => {
    const s = story().at('2026-01-28T12:00:00Z');
    s.upsert();
    s.alerts([runway]);
    for (let day = 0; day < 3; day += 1) {
      s.call('20');
      s.at(DAY_MS);
    }
    expect(s.now()).toBe(ms('2026-01-31T12:00:00Z'));
    runJobs(s.model, s.now()); // 40 left at 20 a day is two days; the grant comes in half a day
    expect(s.states()[2]).toBe('soon: armed');
  });

  test('is armed again by a purchase', () => {
    const s = dayly(6);
    s.call('10');
    s.purchase('100');
    expect(s.states()[2]).toBe('soon: armed');
  });
});
