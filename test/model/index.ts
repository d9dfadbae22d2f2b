/** The oracle's door. Everything a test asks of the model comes through here. */
export { applyCommand } from './commands.ts';
export { applyEvent, applyEvents } from './events.ts';
export { type FoldedEntry, foldUsage } from './fold.ts';
export { broken } from './invariants.ts';
export { redrive, runJobs, sendMails } from './jobs.ts';
export { setBook } from './parked.ts';
export { type Alerts, type Balance, readAlerts, readBalance, readGate, readLedger, upToDate } from './read.ts';
export * from './state.ts';
export { type Bucket, readUsage, type UsageKey, type UsageQuery, type UsageRow } from './usage.ts';
