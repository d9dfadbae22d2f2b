/** What the flusher writes to the log: a pino logger will do. */
type Line = (fields: object, message: string) => void;

export type FlushLog = { readonly info: Line; readonly warn: Line; readonly error: Line };
