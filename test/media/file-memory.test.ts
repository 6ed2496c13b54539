import { expect, test } from 'vitest'
import { FileMemory } from '../../server/media/playback/file-memory.ts'

const MB = 1024 * 1024

test('S1 what seeks found is remembered at some distance only, in the order of the file, and of a bounded number of files', () => {
  const memory = new FileMemory()
  const fileBytes = 150 * MB
  for (let i = 0; i < 10_000; i++) {
    const offset = (i * 7_919_993) % fileBytes
    memory.add('a.mp4', { at: offset, offset })
  }
  const offsets = memory.placesOf('a.mp4').map(({ offset }) => offset)
  expect(offsets.length).toBeGreaterThan(30)
  expect(offsets.length).toBeLessThanOrEqual(75)
  for (const [i, offset] of offsets.slice(1).entries()) expect(offset - offsets[i]!).toBeGreaterThanOrEqual(2 * MB)
  for (let i = 0; i < 256; i++) memory.add(`${i}.mp4`, { at: 1, offset: 1 })
  expect(memory.placesOf('a.mp4')).toEqual([])
  expect(memory.placesOf('0.mp4')).toHaveLength(1)
})
