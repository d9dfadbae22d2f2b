/** The SELECTs behind `explain`. Parameters: account, event (its id); `version` of the one about prices. */
import { TRANSITION } from '../alerts/queries.ts';

const OF_EVENT = 'account_id = {account:String} AND event_id = {event:String}';
const OF_ID = 'account_id = {account:String} AND id = {event:String}';
const ms = (column: string): string => `toString(toUnixTimestamp64Milli(${column}))`;

/** Its rows: the charge, and where it was voided the row that takes it back. */
export const ROWS = `
  SELECT toString(events) AS events, server_id, model_sent, model, toString(key_source) AS key_source,
    ${ms('occurred_at')} AS occurred_at, toString(local_day) AS local_day, cycle, paying_cycle,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, attributes, price_version, toString(cost) AS cost,
    toString(from_previous) AS from_previous, toString(from_monthly) AS from_monthly,
    toString(from_bonus) AS from_bonus, toString(uncovered) AS uncovered,
    toString(monthly_after) AS monthly_after, toString(bonus_after) AS bonus_after,
    toString(sequence) AS sequence, position, ${ms('committed_at')} AS committed_at, toString(block) AS block
  FROM usage_events WHERE ${OF_EVENT} ORDER BY usage_events.sequence, position`;

/** When it was parked, and when it left its place. */
export const PARKED = `
  SELECT reason, ${ms('committed_at')} AS at, toString(sequence) AS sequence
  FROM parked_events WHERE ${OF_ID} AND kind = 'event' ORDER BY parked_events.sequence`;
export const RELEASED = `
  SELECT ${ms('committed_at')} AS at, toString(sequence) AS sequence
  FROM released_events WHERE ${OF_ID} AND kind = 'event' ORDER BY released_events.sequence`;

/** Every dead letter that names it. */
export const LETTERS = `
  SELECT key, reason, field, detail, body, ${ms('queued_at')} AS queued_at, ${ms('committed_at')} AS at,
    toString(sequence) AS sequence
  FROM dead_letters WHERE ${OF_ID} AND kind = 'event' ORDER BY dead_letters.sequence, key`;

/** The commands that voided it, and those that came after. */
export const VOIDS = `
  SELECT command_id, outcome, detail, JSONExtractString(body, 'reason') AS reason, ${ms('committed_at')} AS at,
    toString(sequence) AS sequence
  FROM account_history WHERE account_id = {account:String} AND type = 'usage.void'
    AND JSONExtractString(body, 'eventId') = {event:String} ORDER BY account_history.sequence`;

/** What the void of a charged event gave back, and to which cycle. */
export const GIVEN_BACK = `
  SELECT ref, toString(cycle) AS cycle, toString(monthly_delta) AS monthly, toString(bonus_delta) AS bonus,
    toString(-uncovered_delta) AS uncovered
  FROM ledger_entries WHERE account_id = {account:String} AND kind = 'void' AND note = {event:String}`;

/** What it did to alerts, and the mails decided in those commits or because of it. */
export const FIRED = `
  SELECT ${TRANSITION} FROM alert_history
  WHERE account_id = {account:String} AND \`by\` = 'event' AND ref = {event:String}
  ORDER BY alert_history.sequence, position`;
export const DECIDED = `
  SELECT intent_id, kind, about, \`by\`, ref, snapshot, toString(sequence) AS sequence FROM mail_history
  WHERE account_id = {account:String} AND status = 'decided' AND ((\`by\` = 'event' AND ref = {event:String})
    OR mail_history.sequence IN (SELECT sequence FROM alert_history
      WHERE account_id = {account:String} AND \`by\` = 'event' AND ref = {event:String}))
  ORDER BY mail_history.sequence, position`;

/** What a price version said, as it was recorded when it came into use. */
export const PRICES = 'SELECT content FROM price_versions WHERE name = {version:String} LIMIT 1';
