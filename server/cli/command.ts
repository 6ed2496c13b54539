import type { CliContext } from './platform.ts'

/** Runs with the words behind its name; answers the exit code. Throws `UsageError` for words it does not know. */
export type CliCommand = { usage: string; about: string; run(words: readonly string[], context: CliContext): Promise<number> }

export class UsageError extends Error {}
