/** The embedded database: PGlite (PostgreSQL in WebAssembly) behind a Unix socket, spoken to like any PostgreSQL. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { PGlite } from '@electric-sql/pglite'
import { dataDir as readyMadeFiles } from '@electric-sql/pglite-prepopulatedfs'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { extract } from 'tar'
import { embeddedUrl } from '../base/db.ts'

/** Major version of the PostgreSQL inside `@electric-sql/pglite`; its folders are written in the format of this version. */
export const EMBEDDED_POSTGRES = '18'
/** libpq's rule for a socket in a folder. */
const SOCKET_NAME = '.s.PGSQL.5432'
/** Our pool holds one; the rest is for `psql` and a control process that is just being replaced. */
const MAX_CONNECTIONS = 16

export type EmbeddedDatabase = { url: string; close(): Promise<void> }

/** A folder this version cannot use; the message says what to do. */
export class DatabaseFolderError extends Error {
  override name = 'DatabaseFolderError'
}

/** Opens (or makes) the database in `folder`, `undefined` for one in memory, and listens in `socketFolder`. */
export async function openEmbeddedDatabase({ folder, socketFolder }: { folder: string | undefined; socketFolder: string }): Promise<EmbeddedDatabase> {
  if (folder !== undefined) {
    refuseOtherVersion(folder)
    if (!existsSync(folder)) await makeFolder(folder)
  }
  const engine = await PGlite.create(folder === undefined ? {} : { dataDir: folder, relaxedDurability: false })
  const path = join(socketFolder, SOCKET_NAME)
  rmSync(path, { force: true }) // left by a killed predecessor; whoever holds the lock on the data may take it away
  const server = new PGLiteSocketServer({ db: engine, path, maxConnections: MAX_CONNECTIONS })
  await server.start()
  let closing: Promise<void> | undefined
  return {
    url: embeddedUrl(socketFolder),
    close: () => (closing ??= server.stop().then(() => engine.close())),
  }
}

/**
 * Made beside its place and then moved there: a start cut short leaves no half database that the next start would trip over.
 * The files come ready-made: `initdb` in WebAssembly takes 10 s of CPU to write the same.
 */
async function makeFolder(folder: string) {
  const fresh = `${folder}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true, mode: 0o700 })
  await pipeline(Readable.fromWeb((await readyMadeFiles()).stream() as ReadableStream), extract({ cwd: fresh }))
  renameSync(fresh, folder)
}

function refuseOtherVersion(folder: string) {
  const file = join(folder, 'PG_VERSION')
  if (!existsSync(file)) return
  const version = readFileSync(file, 'utf8').trim()
  if (version === EMBEDDED_POSTGRES) return
  const advice =
    Number(version) > Number(EMBEDDED_POSTGRES) ? 'Start the newer MapWall that made it' : 'Start the older MapWall that made it and export the data'
  throw new DatabaseFolderError(
    `${folder} was made by PostgreSQL ${version}; this MapWall has ${EMBEDDED_POSTGRES} inside. ${advice}, or choose another MAPWALL_DATA.`,
  )
}
