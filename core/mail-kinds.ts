/** The kinds of mail: what a mail can be about. Settings name them, templates are one a kind. */

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
