/** R-RECOVER: what lies on the disks, held against the index, put right, and the index made again from the disks alone. Real files, a real database. */
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../server/base/clock.ts'
import { recordingCommands } from '../../server/cli/recordings.ts'
import { openCommandSocket } from '../../server/commands.ts'
import { readConfig } from '../../server/config.ts'
import type { CameraId } from '../../server/contract/ids.ts'
import { takeLock } from '../../server/database/process-lock.ts'
import { createRecordingStore, type IndexRow } from '../../server/features/recordings/index.ts'
import { closedName, dayOf } from '../../server/media/recording/segment-name.ts'
import { muxFragmentedHead } from '../../server/protocols/mp4/fragment.ts'
import { cameraId } from '../media/support.ts'
import { FRAME_MS, fragmentBytes, hd, NOON, numberedPictures } from '../media/recorded.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

const DISK_ID = '00000000-0000-4000-8000-000000000001'
const FRAMES = 25
let database: TestDatabase
let root: string
let disk: string

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await emptyIndex()
  root = mkdtempSync(join(tmpdir(), 'mw-cli-'))
  disk = join(root, 'disk')
  mkdirSync(disk)
  writeFileSync(join(disk, 'mapwall-disk.json'), JSON.stringify({ diskId: DISK_ID }))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

type Report = {
  files: number
  segments: number
  indexed: number
  missingInIndex: number
  withoutFile: number
  duplicates: string[]
  missingDisks: string[]
  findings: { kind: string; path: string; lostBytes?: number; rightPath?: string }[]
}

async function mapwall(name: 'verify' | 'repair' | 'rebuild', ...flags: string[]): Promise<{ code: number; report: Report }> {
  const lines: string[] = []
  const config = readConfig({
    MAPWALL_DATA: join(root, 'data'),
    MAPWALL_MEDIA_DIRS: disk,
    DATABASE_URL: database.url,
    DATABASE_CONNECTIONS: String(database.maxConnections),
  })
  const code = await recordingCommands[`recordings ${name}`]!.run(['--json', ...flags], { config, clock: systemClock, say: (line) => void lines.push(line) })
  return { code, report: JSON.parse(lines.at(-1)!) as Report }
}

/** Their numbers begin above what would put three zeros into a NAL unit. */
const pictures = numberedPictures(0x01010101, 4 * FRAMES, { bytes: 200 })
const fragmentsOf = (startAt: number) =>
  [0, 1, 2, 3].map((index) =>
    fragmentBytes({
      sequence: index + 1,
      at: startAt + index * FRAMES * FRAME_MS,
      baseMs: index * FRAMES * FRAME_MS,
      pictures: pictures.slice(index * FRAMES, (index + 1) * FRAMES),
    }),
  )

/** Four seconds of a camera in four fragments. */
function write(camera: CameraId, startAt: number, file = join(disk, dayOf(startAt), camera, closedName(startAt, 4_000))): string {
  const note = { version: 1, cameraId: camera, profile: 'main', startAt, clockOffsetMs: 0 }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, Buffer.concat([muxFragmentedHead({ video: hd, audio: undefined, note }), ...fragmentsOf(startAt)]))
  return file
}
const listIndex = async () => {
  const store = createRecordingStore(database.database)
  const rows: IndexRow[] = []
  for (let page = await store.listIndex(null); page.length > 0; page = await store.listIndex(page.at(-1)!)) rows.push(...page)
  return rows
}
const emptyIndex = () => database.sql('delete from segments')
const zeroTail = (file: string, bytes: number) => {
  const { length } = readFileSync(file)
  truncateSync(file, length - bytes)
  appendFileSync(file, Buffer.alloc(bytes))
}

test(
  'R-RECOVER 5,000 segments, the table lost: rebuilt equals the original by camera, start and duration; foreign ones are reported',
  { timeout: 120_000 },
  async () => {
    const files = Array.from({ length: 5_000 }, (_, i) => write(cameraId(`c${i % 20}`), NOON + Math.floor(i / 20) * 600_000))
    expect(await mapwall('rebuild')).toMatchObject({ code: 0, report: { files: 5_000, segments: 5_000, missingInIndex: 5_000, findings: [] } })
    const original = await listIndex()
    expect(original).toHaveLength(5_000)

    const torn = files.slice(0, 50)
    for (const [i, file] of torn.entries()) truncateSync(file, readFileSync(file).length - 10 * (i + 1))
    for (const file of files.slice(50, 70)) zeroTail(file, 3_000)
    const renamed = files.slice(70, 80)
    for (const [i, file] of renamed.entries()) renameSync(file, i < 5 ? join(dirname(file), `${i}-holiday.mp4`) : join(disk, `lost-${i}.mp4`))
    for (let i = 0; i < 5; i++) writeFileSync(join(disk, `foreign-${i}.mp4`), i === 0 ? '' : Buffer.alloc(9_000, i))
    await emptyIndex()

    const { code, report } = await mapwall('rebuild')
    expect(code).toBe(1) // foreign files and torn ends are for a person to know
    const counted = (kind: string) => report.findings.filter((finding) => finding.kind === kind).length
    expect({ damaged: counted('damaged'), foreign: counted('foreign') }).toEqual({ damaged: 70, foreign: 5 })
    // seventy are shorter than their names say, ten lay elsewhere
    expect(counted('misnamed')).toBe(80)
    const rebuilt = await listIndex()
    expect(rebuilt.map(({ cameraId: camera, fromAt }) => `${camera}/${fromAt}`)).toEqual(original.map(({ cameraId: camera, fromAt }) => `${camera}/${fromAt}`))
    const isDamaged = new Set(files.slice(0, 70).map((file) => file.slice(disk.length + 1)))
    for (const [i, row] of rebuilt.entries()) {
      // a file whose end was cut or zeroed lost its last fragment and nothing else
      if (isDamaged.has(original[i]!.path)) expect(row.toAt).toBe(row.fromAt + 3_000)
      else expect(Math.abs(row.toAt - original[i]!.toAt)).toBeLessThanOrEqual(FRAME_MS)
      expect(existsSync(join(disk, row.path))).toBe(true)
    }
  },
)

describe('R-RECOVER verify and repair', () => {
  test('a dry run and verify change nothing', async () => {
    const whole = write(cameraId('a'), NOON)
    const torn = write(cameraId('a'), NOON + 600_000)
    truncateSync(torn, readFileSync(torn).length - 7)
    const before = readFileSync(torn)
    expect(await mapwall('verify')).toMatchObject({ code: 1, report: { missingInIndex: 2, segments: 2 } })
    expect(await mapwall('repair', '--dry-run')).toMatchObject({ code: 1 })
    expect(readFileSync(torn).equals(before)).toBe(true)
    expect(await listIndex()).toEqual([])
    expect(existsSync(whole)).toBe(true)
  })

  test('repair cuts what cannot be played, closes what a crash left, drops rows without a file; then all is well', async () => {
    const torn = write(cameraId('a'), NOON)
    truncateSync(torn, readFileSync(torn).length - 7)
    const crashed = write(cameraId('a'), NOON + 600_000, join(disk, dayOf(NOON), 'a', `${NOON + 600_000}.part`))
    const gone = write(cameraId('b'), NOON)
    await mapwall('rebuild')
    rmSync(gone)
    const { report } = await mapwall('repair')
    expect(report).toMatchObject({ segments: 2, withoutFile: 1 })
    expect(existsSync(crashed)).toBe(false)
    expect((await listIndex()).map(({ path, fromAt, toAt }) => [path, toAt - fromAt])).toEqual([
      [`${dayOf(NOON)}/a/${NOON}-3000.mp4`, 3_000],
      [`${dayOf(NOON)}/a/${NOON + 600_000}-4000.mp4`, 4_000],
    ])
    expect(await mapwall('verify', '--pictures')).toMatchObject({ code: 0, report: { findings: [] } })
  })

  test('P1b a hole of zeros in the middle costs the fragment it is in, not what follows', async () => {
    const file = write(cameraId('a'), NOON)
    await mapwall('rebuild')
    const bytes = readFileSync(file)
    bytes.fill(0, 8_000, 8_600)
    writeFileSync(file, bytes)
    const { code, report } = await mapwall('verify', '--pictures')
    expect({ code, kinds: report.findings.map(({ kind }) => kind) }).toEqual({ code: 1, kinds: ['damaged'] })
    // only the fragment with the hole goes; what follows it stays
    await mapwall('repair', '--pictures')
    expect(readFileSync(file)).toHaveLength(bytes.length - fragmentsOf(NOON)[1]!.length)
    expect(await mapwall('verify', '--pictures')).toMatchObject({ code: 0, report: { findings: [], segments: 1 } })
  })

  test('a file that has become unplayable loses its row, though it is there', async () => {
    const spoilt = write(cameraId('a'), NOON)
    const renamed = write(cameraId('a'), NOON + 600_000)
    await mapwall('rebuild')
    writeFileSync(spoilt, 'no recording any more')
    // another camera's recording where this one's was
    writeFileSync(renamed, readFileSync(write(cameraId('b'), NOON, join(disk, 'elsewhere.mp4'))))
    expect(await mapwall('verify')).toMatchObject({ code: 1, report: { withoutFile: 2 } })
    await mapwall('rebuild')
    expect((await listIndex()).map(({ cameraId: id }) => id)).toEqual(['b'])
  })

  test('a disk that cannot be read keeps its rows', async () => {
    write(cameraId('a'), NOON)
    await mapwall('rebuild')
    rmSync(disk, { recursive: true })
    expect(await mapwall('rebuild')).toMatchObject({ code: 1, report: { missingDisks: [disk], withoutFile: 0 } })
    expect(await listIndex()).toHaveLength(1)
    await expect(mapwall('repair', '--forget-missing')).rejects.toThrow(/--forget-missing/)
    // a wrong setting must not empty the index
    await expect(mapwall('rebuild', '--forget-missing')).rejects.toThrow(/MAPWALL_MEDIA_DIRS/)
    mkdirSync(disk)
    writeFileSync(join(disk, 'mapwall-disk.json'), JSON.stringify({ diskId: '00000000-0000-4000-8000-00000000000b' }))
    expect(await mapwall('rebuild', '--forget-missing', '--dry-run')).toMatchObject({ report: { withoutFile: 1 } })
    expect(await listIndex()).toHaveLength(1)
    await mapwall('rebuild', '--forget-missing')
    expect(await listIndex()).toEqual([])
  })

  test('the same recording twice: one is indexed, the other told', async () => {
    const file = write(cameraId('a'), NOON)
    write(cameraId('a'), NOON, join(disk, 'copy.mp4'))
    const { code, report } = await mapwall('rebuild')
    expect({ code, duplicates: report.duplicates.length }).toEqual({ code: 1, duplicates: 1 })
    expect(existsSync(file)).toBe(true)
    expect(await listIndex()).toHaveLength(1)
  })

  test('while the platform runs it is asked, and what grows is left to grow', async () => {
    write(cameraId('a'), NOON)
    const growing = write(cameraId('a'), NOON + 600_000, join(disk, dayOf(NOON), 'a', `${NOON + 600_000}.part`))
    const runFolder = join(root, 'run')
    mkdirSync(runFolder)
    const asked: string[] = []
    const socket = await openCommandSocket(join(runFolder, 'control.sock'), async (command) => {
      asked.push(command.command)
      return command.command === 'listIndex' ? [] : {}
    })
    const held = takeLock(join(root, 'data', 'mapwall.lock'), { now: 0, note: runFolder })
    expect(held.ok).toBe(true)
    expect(await mapwall('repair')).toMatchObject({ code: 0, report: { segments: 1, missingInIndex: 1, findings: [] } })
    expect(asked).toEqual(['listIndex', 'changeIndex', 'note'])
    expect(existsSync(growing)).toBe(true)
    socket.close()
  })

  test('what the platform closes and deletes behind the survey stays as it is', async () => {
    write(cameraId('a'), NOON)
    const deletedMeanwhile = write(cameraId('a'), NOON + 600_000)
    const runFolder = join(root, 'run')
    mkdirSync(runFolder)
    const changes: object[] = []
    const socket = await openCommandSocket(join(runFolder, 'control.sock'), async (command) => {
      if (command.command === 'changeIndex') changes.push({ put: command.put.map(({ fromAt }) => fromAt), remove: command.remove.map(({ fromAt }) => fromAt) })
      if (command.command !== 'listIndex' || command.after) return command.command === 'listIndex' ? [] : {}
      rmSync(deletedMeanwhile)
      write(cameraId('b'), NOON)
      const path = (fromAt: number) => `${dayOf(fromAt)}/b/${fromAt}-4000.mp4`
      return [NOON, NOON + 600_000].map((fromAt) => ({
        cameraId: 'b',
        profile: 'main',
        diskId: DISK_ID,
        path: path(fromAt),
        fromAt,
        toAt: fromAt + 4_000,
        bytes: 9,
      }))
    })
    const held = takeLock(join(root, 'data', 'mapwall.lock'), { now: 0, note: runFolder })
    expect(held.ok).toBe(true)
    await mapwall('repair')
    // closed meanwhile: kept; without a file: taken out; deleted meanwhile: not put in
    expect(changes).toEqual([{ put: [NOON], remove: [NOON + 600_000] }])
    socket.close()
  })

  test('words it does not know', async () => {
    await expect(mapwall('verify', '--fast')).rejects.toThrow(/--fast/)
  })
})
