/** The SELECTs behind `explain --mail`. Parameters: account, intent; ref (what the mail is of), sequence (a commit's). */

const ms = (column: string): string => `toString(toUnixTimestamp64Milli(${column}))`;
const OF_ACCOUNT = 'account_id = {account:String}';

/** Every step of the mail, in order. The first is its decision. */
export const STEPS = `
  SELECT status, kind, about, \`by\`, ref, snapshot, words, attempts, ${ms('committed_at')} AS at,
    toString(sequence) AS sequence
  FROM mail_history WHERE ${OF_ACCOUNT} AND intent_id = {intent:String} ORDER BY mail_history.sequence, position`;

/** The event or command behind it. */
export const EVENT = `
  SELECT server_id, model, toString(cost) AS cost, ${ms('occurred_at')} AS occurred_at
  FROM usage_events WHERE ${OF_ACCOUNT} AND event_id = {ref:String} AND events > 0 LIMIT 1`;
export const COMMAND = `
  SELECT type, ${ms('at')} AS decided_at FROM account_history
  WHERE ${OF_ACCOUNT} AND command_id = {ref:String} AND outcome != 'duplicate' ORDER BY account_history.sequence LIMIT 1`;

/** What else happened in the commit that superseded it. */
export const DECIDED_THEN = `
  SELECT intent_id, kind, about FROM mail_history
  WHERE ${OF_ACCOUNT} AND sequence = {sequence:UInt64} AND status = 'decided' ORDER BY position`;
export const ARMED_THEN = `
  SELECT alert_id, built_in FROM alert_history
  WHERE ${OF_ACCOUNT} AND sequence = {sequence:UInt64} AND state = 'armed' ORDER BY position`;
export const COMMANDS_THEN = `
  SELECT command_id, type FROM account_history
  WHERE ${OF_ACCOUNT} AND sequence = {sequence:UInt64} AND outcome = 'applied' ORDER BY command_id`;
