/** The process tree as `npm start` runs it: real children, a temporary data folder, ports chosen by the system. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { openDatabase } from '../../server/base/db.ts'
import { silentLog } from '../../server/base/log.ts'
import { openSecrets } from '../../server/base/secrets.ts'
import { createSimulator, type Simulator } from '../../server/demo/simulator.ts'
import { createCameraStore } from '../../server/features/cameras/index.ts'
import { draftOf, stationOf } from '../support/open-app.ts'
import { childOf, isAlive, isWell, killTrees, listChildren, lockOf, runToEnd, startTree, type Tree } from '../support/tree.ts'

/** Another machine's work beside ours may take most of the two cores. */
const SLOW_MS = 240_000

let dataFolder: string
let simulator: Simulator
const start = () => startTree(dataFolder)

/** The database of the running tree, from beside it. */
async function withDatabase<T>(use: (database: ReturnType<typeof openDatabase>) => Promise<T>): Promise<T> {
  const database = openDatabase({
    url: `postgres://postgres@${encodeURIComponent(lockOf(dataFolder).note)}/postgres`,
    maxConnections: 1,
    log: silentLog,
    clock: systemClock,
  })
  try {
    return await use(database)
  } finally {
    await database.close()
  }
}

const listIntervals = () =>
  withDatabase((database) =>
    database
      .as<{ camera_status_intervals: { camera_id: string; from_at: number; to_at: number | null; status: string } }>()
      .selectFrom('camera_status_intervals')
      .selectAll()
      .orderBy('from_at')
      .execute(),
  )

const lastAliveAt = () =>
  withDatabase(
    async (database) =>
      (await database.as<{ health_heartbeat: { alive_at: number } }>().selectFrom('health_heartbeat').select('alive_at').executeTakeFirstOrThrow()).alive_at,
  )

async function killTree({ child }: Tree) {
  const pids = [...listChildren(child.pid!), child.pid!]
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000 })
}

beforeAll(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'mapwall-test-'))
  simulator = await createSimulator({
    cameras: [
      {
        cameraId: 'c1',
        clip: 'alley-day' as never,
        mainCodec: 'h264',
        sound: 'none',
        username: 'admin',
        password: 'x',
        hasParameterSetsInSdp: true,
        switchName: null,
      },
    ],
  })
})
afterAll(async () => {
  killTrees()
  await simulator.close()
  rmSync(dataFolder, { recursive: true, force: true })
})

describe.skipIf(process.platform !== 'linux')('npm start', () => {
  test(
    'K3 killed as a whole, it comes back with what it had, and books no camera downtime',
    async () => {
      const first = await start()
      expect(first.output()).toMatch(/[A-Z2-9]{5}(-[A-Z2-9]{5}){3}/)
      await isWell(first.url)
      const [address] = simulator.cameras
      await withDatabase(async (database) => {
        const store = createCameraStore(database, await openSecrets(dataFolder))
        await store.put(
          {
            stations: [stationOf('north')],
            cameras: [
              draftOf('c1', 'north', {
                access: {
                  driver: 'rtsp',
                  mainUrl: address!.mainUrl,
                  subUrl: address!.subUrl,
                  username: address!.username,
                  password: address!.password,
                  transport: 'tcp',
                },
              }),
            ],
          },
          Date.now(),
        )
      })
      await killTree(first)

      const second = await start()
      await vi.waitFor(async () => expect((await listIntervals()).map(({ status }) => status)).toEqual(['unknown', 'online']), {
        timeout: 60_000,
        interval: 500,
      })
      // until a later sign of life is in the database, nothing after the beginning is certain
      const onlineAt = (await listIntervals()).at(-1)!.from_at
      await vi.waitFor(async () => expect(await lastAliveAt()).toBeGreaterThan(onlineAt + 1_000), { timeout: 60_000, interval: 500 })
      await killTree(second)

      const third = await start()
      await vi.waitFor(async () => expect((await listIntervals()).map(({ status }) => status)).toEqual(['unknown', 'online', 'unknown', 'online']), {
        timeout: 60_000,
        interval: 500,
      })
      const rows = await listIntervals()
      for (let i = 1; i < rows.length; i++) expect(rows[i]!.from_at).toBe(rows[i - 1]!.to_at)

      const stopping = Date.now()
      third.child.kill('SIGTERM')
      await once(third.child, 'exit')
      expect(third.child.exitCode).toBe(0)
      expect(Date.now() - stopping).toBeLessThan(15_000)
      expect(existsSync(join(dataFolder, 'mapwall.lock'))).toBe(false)
    },
    SLOW_MS,
  )

  test(
    'a child that dies comes back; children end with their supervisor; a demo never touches the folder and clears what was left',
    async () => {
      const tree = await start()
      const runFolder = lockOf(dataFolder).note
      const media = childOf(tree, 'media/main.ts')
      process.kill(media, 'SIGKILL')
      await vi.waitFor(async () => expect(await (await fetch(`${tree.url}/api/health`)).json()).toEqual({ ok: false }), { timeout: 10_000, interval: 20 })
      await vi.waitFor(() => isWell(tree.url), { timeout: 30_000, interval: 100 })

      const children = listChildren(tree.child.pid!)
      expect(children).toHaveLength(3)
      tree.child.kill('SIGKILL')
      await vi.waitFor(() => expect(children.filter(isAlive)).toEqual([]), { timeout: 20_000, interval: 100 })

      expect(await runToEnd(dataFolder, ['--demo'])).toMatchObject({ code: 1, output: expect.stringContaining('正式运行') })
      expect(existsSync(runFolder)).toBe(false)
    },
    SLOW_MS,
  )

  test(
    'a taken port is said at once, with the next step',
    async () => {
      const { createServer } = await import('node:net')
      const holder = createServer().listen(0, '127.0.0.1')
      await once(holder, 'listening')
      const { port } = holder.address() as { port: number }
      expect(await runToEnd(dataFolder, [], { PORT: String(port) })).toMatchObject({ code: 1, output: expect.stringContaining(`PORT=${port + 1}`) })
      holder.close()
    },
    SLOW_MS,
  )
})
