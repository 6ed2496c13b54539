/** Recordings as bytes (R-STORE): ffprobe and ffmpeg judge what we write, and our reader reads it back, whatever happened to it. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ProtocolError } from '../../server/base/errors.ts'
import { aacConfig } from '../../server/protocols/codec/aac.ts'
import type { AudioConfig, VideoUnit } from '../../server/protocols/codec/access-unit.ts'
import { AUDIO_TRACK_ID, muxFragmentedHead, muxFragmentHead, VIDEO_TRACK_ID } from '../../server/protocols/mp4/fragment.ts'
import { parseFragmentedHead, parseFragmentHead } from '../../server/protocols/mp4/fragment-parser.ts'
import { ffmpegPath, hasFfprobe, makeClip, probeFile } from '../media/clips.ts'

const isSkipped = !ffmpegPath || !hasFfprobe
const clips = isSkipped ? undefined : { h264: makeClip('h264', { count: 75, gopFrames: 25 }), h265: makeClip('h265', { count: 50, gopFrames: 25 }) }
const NOTE = { cameraId: 'cam-1', text: '演示' }
const START_AT = 1_790_000_000_123
const GOP = 25
const FRAME_MS = 40

const silence = { aac: silentAac(), pcma: new Uint8Array(160).fill(0xd5), pcmu: new Uint8Array(160).fill(0xff) }

/** One raw_data_block of silence, mono, as ffmpeg's encoder makes it. */
function silentAac(): Uint8Array {
  return Uint8Array.from([0x01, 0x18, 0x20, 0x07])
}

const sounds: { name: string; audio: AudioConfig | undefined; unitSamples: number }[] = [
  { name: 'without sound', audio: undefined, unitSamples: 0 },
  { name: 'with AAC', audio: aacConfig(Uint8Array.of(0x14, 0x08)), unitSamples: 1024 },
  { name: 'with G.711 A-law', audio: { codec: 'pcma', sampleRateHz: 8000, channels: 1, specificConfig: undefined }, unitSamples: 160 },
  { name: 'with G.711 µ-law', audio: { codec: 'pcmu', sampleRateHz: 8000, channels: 1, specificConfig: undefined }, unitSamples: 160 },
]

function muxFile(pictures: VideoUnit[], audio: AudioConfig | undefined, unitSamples: number): Buffer {
  const parts: Uint8Array[] = [muxFragmentedHead({ video: pictures[0]!.config, audio, note: NOTE })]
  let soundTime = 0
  for (let first = 0; first < pictures.length; first += GOP) {
    const gop = pictures.slice(first, first + GOP)
    const video = gop.map(({ data, isKey }) => ({ duration: FRAME_MS, bytes: data.length, isKey, compositionOffset: 0 }))
    const tracks = [{ trackId: VIDEO_TRACK_ID, baseTime: first * FRAME_MS, samples: video }]
    const units: Uint8Array[] = []
    if (audio) {
      const baseTime = soundTime
      const untilTime = ((first + gop.length) * FRAME_MS * audio.sampleRateHz) / 1000
      for (; soundTime + unitSamples <= untilTime; soundTime += unitSamples) units.push(silence[audio.codec])
      const samples = units.map(({ length }) => ({ duration: unitSamples, bytes: length, isKey: true, compositionOffset: 0 }))
      tracks.push({ trackId: AUDIO_TRACK_ID, baseTime, samples })
    }
    parts.push(muxFragmentHead(first / GOP + 1, START_AT + first * FRAME_MS, tracks), ...gop.map(({ data }) => data), ...units)
  }
  return Buffer.concat(parts)
}

function store(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'mapwall-mp4-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'clip.mp4')
  writeFileSync(file, bytes)
  return file
}

describe.skipIf(isSkipped)('R-STORE-1 fragmented MP4', () => {
  for (const codec of ['h264', 'h265'] as const)
    test.each(sounds)(`${codec} $name: ffprobe counts every picture and complains of nothing`, ({ audio, unitSamples }) => {
      const pictures = clips![codec]
      const file = store(muxFile(pictures, audio, unitSamples))
      const { streams, complaints } = probeFile(file)
      expect(complaints).toBe('')
      expect(streams[0]).toMatchObject({ codec: codec === 'h264' ? 'h264' : 'hevc', frames: pictures.length, widthPx: 640 })
      if (audio) expect(streams[1]).toMatchObject({ codec: { aac: 'aac', pcma: 'pcm_alaw', pcmu: 'pcm_mulaw' }[audio.codec] })
      const decoded = spawnSync(ffmpegPath!, ['-v', 'error', '-i', file, '-f', 'null', '-'])
      expect(decoded.stderr.toString()).toBe('')
    })

  test('a file cut behind any fragment is whole', () => {
    const whole = muxFile(clips!.h264, undefined, 0)
    const head = parseFragmentedHead(whole)!
    const second = head.bytes + parseFragmentHead(whole, head.bytes)!.bytes
    const { streams, complaints } = probeFile(store(whole.subarray(0, second)))
    expect({ frames: streams[0]!.frames, complaints }).toEqual({ frames: GOP, complaints: '' })
  })
})

describe.skipIf(isSkipped)('R-RECOVER reading recordings back', () => {
  const pictures = clips?.h264 ?? []
  const audio = sounds[1]!.audio!
  const file = isSkipped ? Buffer.alloc(0) : muxFile(pictures, audio, 1024)

  test('head, times, wall clock and every byte of every picture', () => {
    const head = parseFragmentedHead(file)!
    expect(head.note).toEqual(NOTE)
    expect(head.video).toEqual(pictures[0]!.config)
    expect(head.audio).toEqual(audio)
    let start = head.bytes
    let number = 0
    while (start < file.length) {
      const fragment = parseFragmentHead(file, start)!
      expect(fragment.at).toBe(START_AT + number * FRAME_MS)
      for (const sample of fragment.video) {
        const picture = pictures[number]!
        expect(sample).toMatchObject({ dts: number * FRAME_MS, pts: number * FRAME_MS, duration: FRAME_MS, isKey: picture.isKey })
        expect(file.subarray(start + sample.offset, start + sample.offset + sample.bytes).equals(picture.data)).toBe(true)
        number++
      }
      start += fragment.bytes
    }
    expect({ number, start }).toEqual({ number: pictures.length, start: file.length })
  })

  test('every cut waits for more or is refused, never misread', () => {
    const head = parseFragmentedHead(file)!
    const { headBytes } = parseFragmentHead(file, head.bytes)!
    for (let cut = 0; cut < head.bytes; cut++) expect(parseFragmentedHead(file.subarray(0, cut))).toBeUndefined()
    for (let cut = 0; cut < headBytes; cut++) expect(parseFragmentHead(file.subarray(head.bytes, head.bytes + cut))).toBeUndefined()
  })

  test.each([
    { name: 'zeros', damage: (bytes: Buffer) => bytes.fill(0, 0, 64) },
    { name: 'a box that is shorter than its own header', damage: (bytes: Buffer) => bytes.writeUInt32BE(4, 32) },
    { name: 'a count of samples that lies', damage: (bytes: Buffer) => bytes.writeUInt32BE(0xffff_ffff, bytes.indexOf('trun') + 8) },
    { name: 'samples that reach beyond the fragment', damage: (bytes: Buffer) => bytes.writeUInt32BE(0x00ff_ffff, bytes.indexOf('trun') + 20) },
  ])('$name: refused', ({ damage }) => {
    const fragment = Buffer.from(file.subarray(parseFragmentedHead(file)!.bytes))
    damage(fragment)
    expect(() => parseFragmentHead(fragment)).toThrow(ProtocolError)
  })
})
