/** The SELECTs behind `alerts`. Parameters: account; limit (rows, the newest). */

const ms = (column: string): string => `toString(toUnixTimestamp64Milli(${column}))`;

/** The columns of a transition, as `TransitionRow` has them. */
export const TRANSITION = `
  alert_id, built_in, kind, toString(number) AS number, state, toString(threshold) AS threshold,
  toString(remaining) AS remaining, toString(granted) AS granted, \`by\`, ref, silent, ${ms('committed_at')} AS at,
  toString(sequence) AS sequence`;

/** Every transition of an alert, the newest first. */
export const TRANSITIONS = `
  SELECT ${TRANSITION} FROM alert_history WHERE account_id = {account:String}
  ORDER BY alert_history.sequence DESC, position DESC LIMIT {limit:UInt32}`;

/** A mail is its steps: what it was decided as, and how the last one left it. The newest mails first. */
export const MAILS = `
  WITH (sequence, position) AS place
  SELECT intent_id, any(kind) AS kind, any(about) AS about, any(\`by\`) AS \`by\`, any(ref) AS ref,
    max(snapshot) AS snapshot, ${ms('min(committed_at)')} AS decided_at, argMax(status, place) AS last_status,
    argMax(words, place) AS last_words, argMax(attempts, place) AS last_attempts, ${ms('max(committed_at)')} AS at
  FROM mail_history WHERE account_id = {account:String}
  GROUP BY intent_id ORDER BY min(place) DESC LIMIT {limit:UInt32}`;
