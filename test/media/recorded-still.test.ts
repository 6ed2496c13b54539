/** R-PLAY stored pictures for the hand over a timeline: which key frame, and how many are read at once. */
import { writeFileSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { silentLog } from '../../server/base/log.ts'
import { FileMemory } from '../../server/media/playback/file-memory.ts'
import { createRecordedStills } from '../../server/media/playback/recorded-still.ts'
import type { Archive, StoredSegment } from '../../server/media/recording/archive.ts'
import { createFakeArchive, NOON, numberedPictures, writeSegment } from './recorded.ts'
import { cameraId, temporaryFolder, until } from './support.ts'

const camera = cameraId('a')
function createSetup(segments: StoredSegment[], archive: Archive = createFakeArchive(segments), limits = { maxReading: 4, maxWaiting: 32 }) {
  return createRecordedStills({ archive, memory: new FileMemory(), log: silentLog, limits })
}
const ten = (fromAt: number, more: object = {}) => writeSegment({ folder: temporaryFolder(), fromAt, pictures: numberedPictures(0, 250), ...more })

describe('R-PLAY a stored picture', () => {
  test.each([
    { name: 'the key frame at or before', at: 5_900, found: 5_000 },
    { name: 'at a key frame itself', at: 5_000, found: 5_000 },
    { name: 'in a hole: the last one before it', at: 15_000, found: 9_000 },
    { name: 'more than 15 s behind the last: nothing', at: 24_001, found: undefined },
    { name: 'behind the hole', at: 60_100, found: 60_000 },
    { name: 'before everything', at: -1, found: undefined },
  ])('$name', async ({ at, found }) => {
    const stills = createSetup([ten(NOON), ten(NOON + 60_000)])
    const still = await stills.find(camera, NOON + at)
    expect(still && still.at - NOON).toBe(found)
    if (still) expect(Buffer.from(still.mp4).toString('latin1', 4, 8)).toBe('ftyp')
  })

  test('a long group of pictures: the key frame is further back than its fragment', async () => {
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(0, 500, { gopFrames: 250 }) })
    expect((await createSetup([segment]).find(camera, NOON + 9_900))?.at).toBe(NOON)
  })

  test('a damaged file is passed over for the one before it', async () => {
    const good = ten(NOON)
    const bad = ten(NOON + 10_000)
    writeFileSync(bad.file, readFileSync(bad.file).fill(1))
    expect((await createSetup([good, bad]).find(camera, NOON + 12_000))?.at).toBe(NOON + 9_000)
  })

  test('so many are read at once, so many wait, more are refused; a place that is free again is taken', async () => {
    const segment = ten(NOON)
    const whole = createFakeArchive([segment])
    let listing = 0
    let most = 0
    const gates: (() => void)[] = []
    const archive: Archive = {
      ...whole,
      async list(...asked) {
        most = Math.max(most, ++listing)
        await new Promise<void>((resolve) => gates.push(resolve))
        listing--
        return whole.list(...asked)
      },
    }
    const stills = createSetup([], archive, { maxReading: 2, maxWaiting: 3 })
    const asked = Array.from({ length: 5 }, () => stills.find(camera, NOON + 1_000))
    await expect(stills.find(camera, NOON)).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 500 })
    const done = Promise.all(asked)
    for (let opened = 0; opened < 5; opened++) {
      await until(() => gates.length > 0, 'somebody at the gate')
      gates.shift()!()
    }
    expect((await done).map((still) => still!.at)).toEqual(Array.from({ length: 5 }, () => NOON + 1_000))
    expect(most).toBe(2)
    const last = stills.find(camera, NOON + 1_000)
    await until(() => gates.length > 0, 'the last at the gate')
    gates.shift()!()
    expect((await last)?.at).toBe(NOON + 1_000)
  })
})
