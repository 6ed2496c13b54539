/** Exports that are coded anew as H.264, which plays everywhere (R-DL). */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) => runStatements(transaction, ['alter table exports add column is_h264 boolean not null default false'])
