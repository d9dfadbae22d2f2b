/** The kinds of mail there are: one template each. */
export const MAIL_KINDS = [
  'low-credits',
  'depleted',
  'restored',
  'monthly-reset',
  'expiring',
  'limit-warning',
  'limit-reached',
  'receipt',
  'digest',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];
