/** K3: the audit log says whether the platform was stopped or killed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../../server/base/log.ts'
import type { AuditEntry } from '../../../server/base/routes.ts'
import { createDiary } from '../../../server/features/system/index.ts'

let folder: string
let entries: Pick<AuditEntry, 'name' | 'detail'>[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mw-diary-'))
  entries = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const openDiary = () =>
  createDiary({ recordAudit: async ({ name, detail }) => void entries.push({ name, detail }), log: silentLog, runningFile: join(folder, 'running') })

test('a stop is a stop; a kill is found at the next start', async () => {
  await openDiary().started(1_000)
  await openDiary().started(2_000) // the first was killed
  const stopped = openDiary()
  await stopped.stopped()
  await openDiary().started(3_000)
  expect(entries).toEqual([
    { name: 'platform.start', detail: { wasKilled: false } },
    { name: 'platform.start', detail: { wasKilled: true, killedRunStartedAt: 1_000 } },
    { name: 'platform.stop', detail: {} },
    { name: 'platform.start', detail: { wasKilled: false } },
  ])
})

test('T1 a step of the clock is written down', async () => {
  openDiary().clockStepped(-5_000)
  expect(entries).toEqual([{ name: 'platform.clock_jump', detail: { byMs: -5_000 } }])
})
