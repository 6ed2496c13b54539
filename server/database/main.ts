/** Process of the embedded database: PGlite blocks its thread for up to a second, so it has a process of its own. Started by `server/main.ts`. */
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { assert } from '../base/errors.ts'
import { openEmbeddedDatabase } from './embedded.ts'
import { takeLock } from './process-lock.ts'

/** A control process killed with its whole tree leaves a database that is still shutting down. */
const WAIT_FOR_LOCK_MS = 10_000

const dataFolder = process.env['MAPWALL_DATA']
const socketFolder = process.env['DATABASE_SOCKET_FOLDER']
assert(dataFolder && socketFolder, 'the supervisor says where the data and the socket are')

async function waitForLock(file: string) {
  const startedMs = systemClock.monotonicMs()
  for (;;) {
    const result = takeLock(file, { now: systemClock.now() })
    if (result.ok) return result.lock
    if (systemClock.monotonicMs() - startedMs > WAIT_FOR_LOCK_MS) {
      throw new Error(`${file}: the database is in use by process ${result.holder.pid} since ${new Date(result.holder.sinceAt).toISOString()}`)
    }
    await systemClock.sleep(100)
  }
}

async function run() {
  const lock = await waitForLock(join(dataFolder!, 'db.lock'))
  const database = await openEmbeddedDatabase({ folder: join(dataFolder!, 'db'), socketFolder: socketFolder! })
  const stop = async () => {
    await database.close()
    lock.release()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  // Ctrl-C reaches every process of the group; the supervisor stops us last
  process.on('SIGINT', () => undefined)
  process.on('disconnect', stop)
  process.send?.({ type: 'ready', url: database.url })
}

run().catch((problem: Error) => {
  process.send?.({ type: 'failed', message: problem.message })
  process.stderr.write(`${problem.stack}\n`)
  process.exitCode = 1
  process.disconnect?.()
})
