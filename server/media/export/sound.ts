/** G.711 of a clip as AAC, which every player knows: one run of ffmpeg over the whole file time, holes filled with silence, so that nothing drifts. */
import { dirname } from 'node:path'
import { AAC_SAMPLES_PER_UNIT, AdtsReader } from '../../protocols/codec/aac.ts'
import type { AudioConfig } from '../../protocols/codec/access-unit.ts'
import { SampleTable } from '../../protocols/mp4/progressive.ts'
import { runFfmpeg, soundArguments } from '../ffmpeg.ts'
import { PRIMING_SAMPLES, SILENCE, transcodedSound, TRANSCODED_HZ } from '../sound-transcode.ts'
import { FileWriter } from './file-writer.ts'
import type { PlacedChunk } from './part.ts'
import type { Room } from './room.ts'
import { soundAt, type Taken } from './select.ts'

export type G711 = AudioConfig & { codec: 'pcma' | 'pcmu' }
export const isG711 = (audio: AudioConfig | undefined): audio is G711 => audio !== undefined && audio.codec !== 'aac'

/** Less than this is the jitter of clocks. */
const SEAM_MS = 100
const SILENCE_BYTES = 64 * 1024

/** The sound of a file, ready to be laid between its pictures: blocks one after the other at `path`. */
export type CodedSound = { path: string; config: AudioConfig; table: SampleTable; perChunk: { sounds: number; soundBytes: number }[] }

type Source = { audio: G711; durationMs: number; chunks: readonly PlacedChunk[]; taken(): AsyncIterable<{ taken: Taken; chunk: PlacedChunk }> }

type CodeDeps = { ffmpegPath: string; room: Room; signal: AbortSignal }

export async function codeSound(source: Source, path: string, { ffmpegPath, room, signal }: CodeDeps): Promise<CodedSound> {
  const { audio, durationMs, chunks } = source
  const file = await FileWriter.open(path, room)
  const reader = new AdtsReader()
  const table = new SampleTable()
  const sizes: number[] = []
  const wanted = Math.ceil((durationMs * TRANSCODED_HZ) / 1000 / AAC_SAMPLES_PER_UNIT)
  let toSkip = PRIMING_SAMPLES / AAC_SAMPLES_PER_UNIT
  try {
    await runFfmpeg(ffmpegPath, soundArguments(audio.codec, audio.sampleRateHz, audio.channels, TRANSCODED_HZ), {
      folder: dirname(path),
      input: samplesOf(source),
      signal,
      async onOutput(chunk) {
        for (const block of reader.push(chunk)) {
          if (toSkip-- > 0 || sizes.length >= wanted) continue
          table.add(block.length, AAC_SAMPLES_PER_UNIT)
          sizes.push(block.length)
          await file.write(block)
        }
      },
    })
    await file.finish()
  } catch (problem) {
    await file.giveUp()
    throw problem
  }
  return { path, config: transcodedSound, table, perChunk: spread(sizes, chunks) }
}

/** Beside the pictures of each fragment the sound of the same time; what is left goes to the last. */
function spread(sizes: readonly number[], chunks: readonly PlacedChunk[]) {
  let next = 0
  return chunks.map(({ endMs }, index) => {
    const end = index === chunks.length - 1 ? sizes.length : Math.min(sizes.length, Math.ceil((endMs * TRANSCODED_HZ) / 1000 / AAC_SAMPLES_PER_UNIT))
    let soundBytes = 0
    const first = next
    for (; next < end; next++) soundBytes += sizes[next]!
    return { sounds: next - first, soundBytes }
  })
}

/** One byte a sample and channel, without a hole from the beginning to the end of the file. */
async function* samplesOf({ audio, durationMs, taken: all }: Source): AsyncGenerator<Buffer> {
  const bytesPerMs = (audio.sampleRateHz * audio.channels) / 1000
  const seamBytes = SEAM_MS * bytesPerMs
  let bytes = 0
  function* silence(until: number) {
    while (bytes < until) {
      const length = Math.min(SILENCE_BYTES, until - bytes)
      bytes += length
      yield Buffer.alloc(length, SILENCE[audio.codec])
    }
  }
  for await (const { taken, chunk } of all()) {
    const { file, fragment, sounds } = taken
    const [first, last] = [sounds[0], sounds.at(-1)]
    const heard = first && last ? await file.read(fragment.offset + first.offset, last.offset + last.bytes - first.offset) : undefined
    for (const sound of sounds) {
      const wanted = Math.round((chunk.fileMs + soundAt(file, fragment, sound) - taken.at) * bytesPerMs)
      if (wanted < bytes - seamBytes) continue
      if (wanted > bytes + seamBytes) yield* silence(wanted - (wanted % audio.channels))
      const samples = heard!.subarray(sound.offset - first!.offset, sound.offset - first!.offset + sound.bytes)
      bytes += samples.length
      yield samples
    }
  }
  yield* silence(Math.round(durationMs * bytesPerMs))
}
