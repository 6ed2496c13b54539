import { closeSync, openSync, statSync, truncateSync, unlinkSync, writeSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { silentLog } from '../../server/base/log.ts'
import { readRecording } from '../../server/media/playback/reader.ts'
import { FileMemory } from '../../server/media/playback/file-memory.ts'
import type { StoredSegment } from '../../server/media/recording/archive.ts'
import { createFakeArchive, createPlaybackSetup, NOON, numberedPictures, writeSegment } from './recorded.ts'
import { cameraId, temporaryFolder, until } from './support.ts'

type Written = ReturnType<typeof writeSegment>
const numbersFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index)

function overwrite(file: string, offset: number, bytes: Uint8Array) {
  const handle = openSync(file, 'r+')
  writeSync(handle, bytes, 0, bytes.length, offset)
  closeSync(handle)
}
const zero = (file: string, offset: number, bytes: number) => overwrite(file, offset, new Uint8Array(bytes))

/** Three files of four seconds, a fragment and a key frame each second. */
function writeThree(): Written[] {
  const folder = temporaryFolder()
  return [0, 1, 2].map((index) => writeSegment({ folder, fromAt: NOON + index * 4_000, pictures: numberedPictures(index * 100, 100) }))
}

describe('R-RECOVER files that a crash, a disk or a stranger has touched', () => {
  /** `from` is the first picture of the second file that is missing, `to` the first one that is there again. */
  test.each<{ name: string; from: number; to: number; damage(segment: Written): void }>([
    { name: 'two fragments of zeros', from: 125, to: 175, damage: ({ file, offsets }) => zero(file, offsets[1]!, offsets[3]! - offsets[1]!) },
    {
      name: 'a foreign block over two heads',
      from: 125,
      to: 175,
      damage: ({ file, offsets }) => overwrite(file, offsets[1]! + 100, Buffer.alloc(offsets[2]! - offsets[1]!, 'no video at all ')),
    },
    { name: 'a picture whose lengths lie', from: 153, to: 175, damage: ({ file, offsets }) => zero(file, offsets[3]! - 22 * 64, 32) },
    { name: 'a torn end', from: 150, to: 200, damage: ({ file, offsets }) => truncateSync(file, offsets[2]! + 500) },
    { name: 'a tail of zeros', from: 150, to: 200, damage: ({ file, offsets }) => zero(file, offsets[2]!, statSync(file).size - offsets[2]!) },
    { name: 'no head', from: 100, to: 200, damage: ({ file }) => zero(file, 0, 64) },
    { name: 'nothing in the file', from: 100, to: 200, damage: ({ file }) => truncateSync(file, 0) },
    { name: 'no file', from: 100, to: 200, damage: ({ file }) => unlinkSync(file) },
  ])('$name: pictures $from to $to are missing, the rest is played', async ({ name, from, to, damage }) => {
    const parts = writeThree()
    damage(parts[1]!)
    const { play, logged } = await createPlaybackSetup(parts)
    for (let times = 0; times < 2; times++) {
      const page = await play()
      page.follow()
      await until(() => page.numbers().at(-1) === 299, 'the last picture')
      expect(page.numbers()).toEqual([...numbersFrom(0, from), ...numbersFrom(to, 300 - to)])
      expect(page.pictures().map(({ timestampMs }) => timestampMs)).toEqual(numbersFrom(0, 300 - to + from).map((index) => index * 40))
      const missing = { flvMs: from * 40, fromAt: NOON + from * 40, toAt: NOON + to * 40 }
      if (to - from > 25) expect(page.of('gap')).toEqual([{ type: 'gap', ...missing }])
      expect(page.of('position')).toContainEqual({ type: 'position', flvMs: missing.flvMs, at: missing.toAt })
      page.close()
    }
    expect(logged).toHaveLength(/end|tail/.test(name) ? 0 : 1) // what a crash leaves at the end is no damage; damage is told once
  })

  test('a seek into damage, and behind it', async () => {
    const [, segment] = writeThree()
    zero(segment!.file, segment!.offsets[1]!, segment!.offsets[3]! - segment!.offsets[1]!)
    const { play } = await createPlaybackSetup([segment!])
    const into = await play({ at: NOON + 6_500 })
    await until(() => into.pictures().length > 0, 'a picture')
    expect(into.numbers()[0]).toBe(175)
    const behind = await play({ at: NOON + 7_500 })
    await until(() => behind.pictures().length > 0, 'a picture')
    expect(behind.numbers()[0]).toBe(175)
  })

  test.each([
    { what: 'damaged', cause: 'damaged_file', damage: (file: string) => zero(file, 0, 64) },
    { what: 'gone', cause: 'disk_missing', damage: (file: string) => unlinkSync(file) },
  ])('all that is left is $what: refused, $cause; a seek elsewhere plays', async ({ cause, damage }) => {
    const parts = writeThree()
    for (const { file } of parts.slice(1)) damage(file)
    const { play } = await createPlaybackSetup(parts)
    const page = await play({ at: NOON + 5_000 })
    await until(() => page.of('refused').length === 1, 'the refusal')
    expect(page.of('refused')[0]).toMatchObject({ cause })
    page.send({ type: 'seek', seekId: 1, at: NOON + 1_000 })
    await until(() => page.pictures().length === 75, 'what is whole')
  })
})

/** Everything that can be read from NOON on: the sequence numbers of the fragments. */
async function readAll(segments: StoredSegment[], from = NOON): Promise<number[]> {
  const found: number[] = []
  const deps = { archive: createFakeArchive(segments), memory: new FileMemory(), log: silentLog }
  for await (const step of readRecording(cameraId('a'), from, new AbortController().signal, deps)) {
    if (step.kind === 'edge') return found
    found.push(step.fragment.sequence)
  }
  return found
}

describe('P1b every kind of damage', () => {
  test('cut at every 512 bytes: every whole fragment is read, and nothing else', async () => {
    const segment = writeSegment({ folder: temporaryFolder(), fromAt: NOON, pictures: numberedPictures(0, 150) })
    const { size } = statSync(segment.file)
    const ends = [...segment.offsets.slice(1), size]
    for (let cut = size; cut >= 0; cut -= 512) {
      truncateSync(segment.file, cut)
      expect(await readAll([segment])).toEqual(numbersFrom(1, ends.filter((end) => end <= cut).length))
      expect((await readAll([segment], NOON + 5_500)).length).toBeLessThanOrEqual(1)
    }
  })

  test('bytes changed anywhere: the reader always comes to the end', async () => {
    const folder = temporaryFolder()
    const parameters = fc.record({
      changes: fc.array(fc.record({ place: fc.double({ min: 0, max: 0.999, noNaN: true }), bytes: fc.uint8Array({ minLength: 1, maxLength: 48 }) }), {
        minLength: 1,
        maxLength: 6,
      }),
      seekMs: fc.integer({ min: 0, max: 6_000 }),
    })
    await fc.assert(
      fc.asyncProperty(parameters, async ({ changes, seekMs }) => {
        const segment = writeSegment({ folder, fromAt: NOON, pictures: numberedPictures(0, 150) })
        const { size } = statSync(segment.file)
        for (const { place, bytes } of changes) overwrite(segment.file, Math.floor(place * size), bytes.subarray(0, size - Math.floor(place * size)))
        const found = await readAll([segment], NOON + seekMs)
        expect(found.length).toBeLessThanOrEqual(6)
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
