/** Whether this database belongs to a demo or to real work; asked at every start so that made-up and real data never meet. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    "create table platform (id integer primary key check (id = 1), kind text not null check (kind in ('demo', 'production')), made_at bigint not null)",
  ])
