/** A platform in which something has happened: rows in every table that a working day fills, made by the app itself. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { createAnswer } from '../../server/cli/answer.ts'
import { openCommandSocket } from '../../server/commands.ts'
import { systemClock } from '../../server/base/clock.ts'
import type { Database } from '../../server/base/db.ts'
import type { CameraId } from '../../server/contract/ids.ts'
import { takeLock } from '../../server/database/process-lock.ts'
import { localEntry } from '../../server/features/audit/index.ts'
import { claimDatabase } from '../../server/features/system/index.ts'
import { dataFolderLock } from '../../server/start-checks.ts'
import { draftOf, openTestWorld, signIn, stationOf, type TestApp, type TestWorld } from '../support/open-app.ts'

export type FilledWorld = TestWorld & { running: TestApp }

export const MADE_AT = 1_790_000_000_000

export async function openFilledWorld(): Promise<FilledWorld> {
  const world = await openTestWorld()
  const { database } = world.database
  writeFileSync(join(world.dataFolder, 'kind'), 'production\n')
  writeFileSync(join(world.dataFolder, 'recording-disks.json'), '{"/disk":"00000000-0000-4000-8000-000000000000"}\n')
  await claimDatabase(database, 'production', MADE_AT)
  const running = await world.start()
  const { app, url } = running
  await app.cameras.putStations([
    stationOf('north'),
    {
      ...stationOf('south'),
      jurisdiction: [
        [
          [
            [111.6, 40.7],
            [111.7, 40.7],
            [111.7, 40.8],
            [111.6, 40.7],
          ],
        ],
      ],
    },
  ])
  await app.cameras.putCameras([draftOf('c1', 'north'), draftOf('c2', 'south', { name: '引号"与\\反斜杠\n换行\t制表 😀', lonLat: [111.123456789012, 40.1] })])
  const view = { lonLat: [111.66, 40.76] as [number, number], headingDeg: 12.5, fovDeg: 61, reachM: 51 }
  await app.cameras.place('c1' as CameraId, { ...view, reason: '复测"\\\n' }, { account: 'first' })
  await signIn(running, { account: 'first', stationIds: ['north' as never] })
  await fetch(`${url}/api/login`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'first', password: 'wrong' }),
  })
  await app.recordings.setPolicy({ cameraIds: ['c1' as CameraId], mode: 'continuous', schedule: [], profile: 'main', keepDays: 15 })
  await app.recordings.changeIndex({
    put: Array.from({ length: 2_500 }, (_, index) => ({
      cameraId: 'c1' as CameraId,
      fromAt: MADE_AT + index * 600_000,
      toAt: MADE_AT + (index + 1) * 600_000,
      profile: 'main' as const,
      diskId: '00000000-0000-4000-8000-000000000000',
      path: `2026-09-21/c1/${MADE_AT + index * 600_000}-600000.mp4`,
      bytes: 150_000_000 + index,
    })),
    remove: [],
  })
  for (let index = 0; index < 30; index++) {
    await Promise.all(
      Array.from({ length: 80 }, (_, each) =>
        app.audit.record({ ...localEntry('test.step', { index, each, text: '"\\\u2028' }, '值班'), address: '10.0.0.1' }),
      ),
    )
  }
  await world.database.sql(`
    insert into recording_problems values ('c1', 1, 2, 'no_disk');
    insert into marks values ('m1', 'c1', 5, 'a''b', 'first', 6);
    insert into locks values ('l1', 'c1', 5, 9, null, '案件', 'first', 6, null, null);
    insert into camera_status_intervals values ('c9', 1, 2, 'online', null, null), ('c9', 2, null, 'offline', 'unreachable', 'x');
    insert into wall_layouts values ('w1', 'u1', 'first', '北 1 路', '["supervisor"]', '{"columns":1,"rows":1,"places":[{"column":0,"row":0,"columns":1,"rows":1}]}', '["c1"]', 5);
    insert into wall_rotations values ('r1', 'u1', 'first', '轮巡', '[]', '{"kind":"cameras","cameraIds":["c1","c2"]}', 5000, 'hold', 5);
    insert into wall_patrol_runs (run_id, rotation_id, user_id, account, rotation_name, first_at, last_at)
      select gen_random_uuid(), gen_random_uuid(), 'u1', 'first', '轮巡', 5, 9 from generate_series(1, 3);
    insert into wall_patrols select 5 + n, gen_random_uuid(), 9999, 1 + n % 3, 'c1', 1, 'shown', null, 4 from generate_series(1, 1200) as n;
    insert into map_bookmarks values ('b1', 'u1', '中心''商城', 111.123456789012, 40.1, 15.25, 'station=north');
    insert into setup_code values (1, 'h', 5) on conflict do nothing`)
  return {
    ...world,
    running,
    async close() {
      await running.close()
      await world.close()
    },
  }
}

/** Rows of every table, each as the database writes it. */
export async function readAll(database: Database): Promise<Record<string, string[]>> {
  const db = database.as<never>()
  const { rows: tables } = await sql<{
    name: string
  }>`select relname::text as name from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace order by 1`.execute(db)
  const all: Record<string, string[]> = {}
  for (const { name } of tables) {
    const { rows } = await sql<{ line: string }>`select row_to_json(t)::text as line from ${sql.table(name)} t`.execute(db)
    all[name] = rows.map(({ line }) => line).sort()
  }
  return all
}

/** As a control process would answer at this folder; `runFolder` for its socket. */
export async function answerCommands({ running, database, dataFolder }: FilledWorld, runFolder: string) {
  const lock = takeLock(dataFolderLock(dataFolder), { now: 1, note: runFolder })
  if (!lock.ok) throw new Error('the folder is in use')
  const answer = createAnswer({ app: running.app, database: database.database, dataFolder, kind: 'production', clock: systemClock, version: '0.0.0-test' })
  const socket = await openCommandSocket(join(runFolder, 'control.sock'), answer)
  return {
    close() {
      socket.close()
      lock.lock.release()
    },
  }
}
