/** Views of the map that somebody wants to come back to. */
import type { Migrate } from '../base/migrate.ts'
import { runStatements } from '../base/migrate.ts'

export const up: Migrate = (transaction) =>
  runStatements(transaction, [
    `create table map_bookmarks (
      bookmark_id text primary key,
      user_id text not null,
      name text not null,
      lon double precision not null,
      lat double precision not null,
      zoom double precision not null,
      query text not null
    )`,
    'create index map_bookmarks_of_user on map_bookmarks (user_id, name)',
  ])
