import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPictures } from '../../server/demo/annexb.ts'
import { clipPlans, type ClipIndex, type ClipName, type StreamFacts } from '../../server/demo/clips/catalog.ts'
import { createClipLibrary } from '../../server/demo/clip-library.ts'
import { createFaultScript } from '../../server/demo/fault-script.ts'
import type { Fault } from '../../server/demo/simulator.ts'
import { listDemoStreams, planStreams } from '../../server/demo/stream-plan.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const folder = 'server/demo/clips'
const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as ClipIndex

describe('the clips', () => {
  const streams = Object.values(index.clips)
    .flatMap(({ main, sub, h265 }) => [main, sub, ...(h265 ? [h265] : [])].flatMap(({ moving, frozen }) => [moving, frozen]))
    .concat(index.black)

  test('there are at least 12 distinct ones, and one for each plan', () => {
    expect(Object.keys(index.clips).sort()).toEqual(clipPlans.map(({ name }) => name).sort())
    expect(new Set(Object.values(index.clips).map(({ main }) => main.moving.file)).size).toBeGreaterThanOrEqual(12)
  })
  test('all together stay below 18 MB, and nothing else lies there', () => {
    const known = new Set([...streams.map(({ file }) => file), index.sound.aac.file, index.sound.pcma.file])
    const files = readdirSync(folder).filter((file) => !/\.(ts|json)$/.test(file))
    expect(files.filter((file) => !known.has(file))).toEqual([])
    expect(files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)).toBeLessThan(18_000_000)
  })
  test('the index tells the truth of each stream', () => {
    const check = ({ file, codec }: StreamFacts) => {
      const bytes = readFileSync(join(folder, file))
      const { pictures } = readPictures(codec, bytes)
      const keys = pictures.flatMap(({ isKey }, i) => (isKey ? [i] : []))
      return { file, bytes: bytes.length, frames: pictures.length, keys: keys.join() }
    }
    const told = ({ file, bytes, frames, gopFrames }: StreamFacts) => ({
      file,
      bytes,
      frames,
      keys: Array.from({ length: Math.ceil(frames / gopFrames) }, (_, i) => i * gopFrames).join(),
    })
    expect(streams.map(check)).toEqual(streams.map(told))
  })
  test('each has a black picture and another size of its codec', () => {
    const library = createClipLibrary()
    for (const { name } of clipPlans) {
      const { main, sub, h265 } = library.clip(name as ClipName)
      for (const stream of [main, sub, ...(h265 ? [h265] : [])]) {
        expect(library.findBlack(stream.moving), stream.moving.file).toBeDefined()
        expect(library.findOtherSize(name as ClipName, stream.moving), stream.moving.file).toBeDefined()
      }
    }
  })
})

describe('the plan of the 468', () => {
  const scenes = ['alley', 'troubleSpot', 'residentialGate', 'mall', 'market', 'other'] as const
  const cameras = planStreams(
    Array.from({ length: 468 }, (_, i) => ({ cameraId: `99000000001320${String(i + 1).padStart(6, '0')}`, scene: scenes[i % 6]!, switchName: `SW-${i % 20}` })),
  )
  const share = (is: (camera: (typeof cameras)[number]) => boolean) => cameras.filter(is).length / cameras.length
  test('15 % H.265, some sound, a few oddities', () => {
    expect(share(({ mainCodec }) => mainCodec === 'h265')).toBeCloseTo(0.15, 2)
    for (const [value, low, high] of [
      [share(({ sound }) => sound === 'aac'), 0.05, 0.25],
      [share(({ sound }) => sound === 'pcma'), 0.05, 0.2],
      [share(({ hasParameterSetsInSdp }) => !hasParameterSetsInSdp), 0.01, 0.1],
      [share(({ digest }) => digest === 'sha256'), 0.03, 0.15],
    ] as const)
      expect(value > low && value < high).toBe(true)
  })
})

describe('the sizes of the main streams', () => {
  test('1280x720 and 2560x1440 in both codecs, among the cameras of the demo', () => {
    const sizes = new Map<string, number>()
    for (const { clip, mainCodec } of listDemoStreams()) {
      const { main, h265 } = index.clips[clip]!
      const { codec, widthPx, heightPx } = (mainCodec === 'h265' ? h265! : main).moving
      const size = `${codec} ${widthPx}x${heightPx}`
      sizes.set(size, (sizes.get(size) ?? 0) + 1)
    }
    for (const size of ['h264 1280x720', 'h264 2560x1440', 'h265 1280x720', 'h265 2560x1440']) expect([size, sizes.get(size) ?? 0]).not.toEqual([size, 0])
  })
})

describe('the fault script', () => {
  function runDay(seed: number) {
    const now = new Map<string, Fault>(Array.from({ length: 468 }, (_, i) => [`c${i}`, 'none']))
    const history: string[] = []
    const clock = createFakeClock()
    const script = createFaultScript({
      clock,
      seed,
      cameras: [...now.keys()].map((cameraId, i) => ({ cameraId, switchName: i % 5 === 0 ? null : `SW-${i % 20}` })),
      simulator: {
        faults: () => new Map(now),
        setFault(cameraIds, fault) {
          for (const cameraId of cameraIds) now.set(cameraId, fault)
          history.push(`${cameraIds.join()} ${fault}`)
        },
      },
    })
    return { script, clock, now, history, countFaulty: () => [...now.values()].filter((fault) => fault !== 'none').length }
  }

  test('starts with 3 to 6, never breaks more than a few percent, and is the same for the same seed', () => {
    const seed = 42
    const [first, second] = [runDay(seed), runDay(seed)]
    first.script.start()
    second.script.start()
    expect(first.countFaulty()).toBeGreaterThanOrEqual(3)
    expect(first.countFaulty()).toBeLessThanOrEqual(6)
    let most = 0
    for (let minute = 0; minute < 8 * 60; minute++) {
      first.clock.advance(60_000)
      second.clock.advance(60_000)
      most = Math.max(most, first.countFaulty())
    }
    expect(most).toBeGreaterThan(6)
    expect(most).toBeLessThanOrEqual(22)
    expect(first.history.some((line) => line.split(' ')[0]!.split(',').length >= 4)).toBe(true)
    expect(first.history).toEqual(second.history)
  })
  test('stopping mends what it broke, and only that', () => {
    const day = runDay(7)
    day.now.set('c3', 'freeze')
    day.script.start()
    day.clock.advance(30 * 60_000)
    day.script.stop()
    expect([...day.now].filter(([, fault]) => fault !== 'none')).toEqual([['c3', 'freeze']])
    expect(day.clock.pendingTimers()).toBe(0)
  })
})
