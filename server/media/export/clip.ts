/** Writes one clip: a file for each format in the range. Fragment heads first, for the tables; then everything once, straight into the file. */
import { mkdir, open, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ProtocolError } from '../../base/errors.ts'
import type { CameraId, Instant } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import { type Chunk, type Movie, muxProgressiveHead } from '../../protocols/mp4/progressive.ts'
import type { ClipOrder, WrittenFile } from '../plane.ts'
import type { ReaderDeps } from '../playback/reader.ts'
import { FileWriter, type Written } from './file-writer.ts'
import { Part, type PlacedChunk } from './part.ts'
import { ExportProblem } from './problem.ts'
import type { Progress } from './progress.ts'
import type { Room } from './room.ts'
import { readSamples } from './samples.ts'
import { selectRecorded, type Taken } from './select.ts'
import { codeSound, type CodedSound, isG711 } from './sound.ts'
import { recodeFile } from './recode.ts'

export type ClipDeps = ReaderDeps & { folder: string; ffmpegPath: string | undefined; room: Room; progress: Progress; signal: AbortSignal }

/** The recording changed or was found damaged while it was written: how often it is begun anew. */
const MAX_TRIES = 5

/** Throws `ExportProblem`, or the signal's reason; half files stay in `folder`, which is the caller's. */
export async function writeClip(order: ClipOrder, deps: ClipDeps): Promise<WrittenFile[]> {
  const { cameraId, toAt } = order
  const { folder, ffmpegPath, progress } = deps
  if (order.watermark !== null && ffmpegPath === undefined) throw new ExportProblem('transcoder_missing', 'ffmpeg is not there')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  progress.setTotal(await recordedMs(order, deps))
  const damaged = new Set<Instant>()
  const files: WrittenFile[] = []
  let tries = 0
  for (let fromAt = order.fromAt; fromAt < toAt;) {
    const clip = { cameraId, range: { fromAt, toAt }, damaged }
    const surveyed = await survey(clip, deps)
    if (!surveyed) break
    const { part, nextAt } = surveyed
    try {
      files.push(await writePart(part, clip, order, nameFor(order, part, files), deps))
    } catch (problem) {
      if (!(problem instanceof Stale) || ++tries >= MAX_TRIES) throw problem instanceof Stale ? new ExportProblem('damaged_file', problem.message) : problem
      if (problem.isDamage) await findDamage(clip, part.toAt, deps)
      continue
    }
    if (nextAt === undefined) break
    fromAt = nextAt
  }
  if (files.length === 0) throw new ExportProblem(damaged.size > 0 ? 'damaged_file' : 'nothing_recorded', 'no picture in this range can be read')
  return files
}

type Clip = { cameraId: CameraId; range: TimeRange; damaged: Set<Instant> }

/** What was surveyed is not what is there. */
class Stale extends Error {
  readonly isDamage: boolean
  constructor(why: string, isDamage: boolean) {
    super(why)
    this.isDamage = isDamage
  }
}

const select = ({ cameraId, range, damaged }: Clip, deps: ClipDeps) => selectRecorded(cameraId, range, deps.signal, { ...deps, damaged })

async function recordedMs({ cameraId, fromAt, toAt }: ClipOrder, { archive }: ClipDeps): Promise<number> {
  const segments = await archive.list(cameraId, { fromAt, toAt })
  return segments.reduce((sum, segment) => sum + Math.min(toAt, segment.toAt) - Math.max(fromAt, segment.fromAt), 0)
}

/** The first file of the range from fragment heads alone, and where another format begins. */
async function survey(clip: Clip, deps: ClipDeps): Promise<{ part: Part; nextAt: Instant | undefined } | undefined> {
  let part: Part | undefined
  for await (const taken of select(clip, deps)) {
    part ??= new Part(taken.file)
    if (!part.takes(taken.file)) return { part, nextAt: taken.at }
    part.add(taken)
  }
  return part && { part, nextAt: undefined }
}

/** Reads everything up to `untilAt` once and remembers which fragments are not whole, so that many of them cost no more than one. */
async function findDamage(clip: Clip, untilAt: Instant, deps: ClipDeps): Promise<void> {
  const { log, memory } = deps
  for await (const { file, fragment, pictures, at } of select(clip, deps)) {
    if (at >= untilAt) return
    try {
      for await (const _ of readSamples(file, fragment, pictures, true));
    } catch (problem) {
      if (!(problem instanceof ProtocolError)) throw problem
      clip.damaged.add(fragment.at)
      if (memory.isFirstComplaint(file.path)) log.warn({ cameraId: clip.cameraId, file: file.path, problem }, 'a recorded picture is damaged')
    }
  }
}

/** The same fragments again, as they were surveyed. Throws `Stale` when they are no more. */
async function* again(part: Part, clip: Clip, deps: ClipDeps): AsyncGenerator<{ taken: Taken; chunk: PlacedChunk; index: number }> {
  let index = 0
  for await (const taken of select(clip, deps)) {
    const chunk = part.chunks[index]!
    const isSame = chunk.at === taken.at && chunk.pictures <= taken.pictures.length && chunk.sounds + chunk.skippedSounds <= taken.sounds.length
    if (!isSame || !part.takes(taken.file)) break
    yield { taken, chunk, index }
    if (++index === part.chunks.length) return
  }
  throw new Stale(`the recording of ${clip.cameraId} changed while it was read`, false)
}

async function writePart(part: Part, clip: Clip, order: ClipOrder, fileName: string, deps: ClipDeps): Promise<WrittenFile> {
  const { folder, ffmpegPath, room, signal, progress } = deps
  const { audio } = part
  const isRecoded = order.watermark !== null || (order.isH264 && part.video.codec !== 'h264')
  if (isRecoded && ffmpegPath === undefined) throw new ExportProblem('transcoder_missing', 'ffmpeg is not there')
  const codesSound = isG711(audio) && part.sounds.count > 0 && ffmpegPath !== undefined
  progress.setStages(1 + Number(codesSound) + Number(isRecoded))
  await room.check((part.pictures.totalBytes + part.sounds.totalBytes) * (isRecoded ? 2 : 1))
  const path = join(folder, fileName)
  const soundPath = `${path}.sound`
  const sound = codesSound
    ? await codeSound({ audio, durationMs: part.durationMs, chunks: part.chunks, taken: () => again(part, clip, deps) }, soundPath, {
        ffmpegPath,
        room,
        signal,
      })
    : undefined
  if (codesSound) progress.add(part.durationMs)
  const plainPath = isRecoded ? `${path}.plain` : path
  let written: Written & { frames?: number } = await writePlain(part, sound, clip, plainPath, deps)
  if (sound) await unlink(soundPath)
  if (isRecoded && ffmpegPath !== undefined) {
    const heightPx = part.video.heightPx
    written = await recodeFile({ plainPath, path, text: order.watermark, heightPx }, { ffmpegPath, room, signal, onMedia: (ms) => progress.add(ms) })
    await rm(plainPath)
  }
  const { fromAt, toAt, stretches, clockOffsetMs } = part
  return {
    fileName,
    fromAt,
    toAt,
    stretches,
    clockOffsetMs,
    bytes: written.bytes,
    sha256: written.sha256,
    frames: written.frames ?? part.pictures.count,
    codec: isRecoded ? 'h264' : part.video.codec,
    widthPx: part.video.widthPx,
    heightPx: part.video.heightPx,
    sound: sound ? 'aac' : part.sounds.count > 0 ? audio!.codec : null,
  }
}

async function writePlain(part: Part, coded: CodedSound | undefined, clip: Clip, path: string, deps: ClipDeps): Promise<Written> {
  const file = await FileWriter.open(path, deps.room)
  const soundFile = coded && (await open(coded.path, 'r'))
  try {
    for (const piece of muxProgressiveHead(movieOf(part, coded))) await file.write(piece)
    let soundRead = 0
    for await (const { taken, chunk, index } of again(part, clip, deps)) {
      for await (const bytes of readPictures(taken, chunk)) await file.write(bytes)
      if (coded && soundFile) {
        const { soundBytes } = coded.perChunk[index]!
        const { buffer } = await soundFile.read(Buffer.allocUnsafe(soundBytes), 0, soundBytes, soundRead)
        soundRead += soundBytes
        await file.write(buffer)
      } else {
        const sounds = taken.sounds.slice(chunk.skippedSounds, chunk.skippedSounds + chunk.sounds)
        for await (const bytes of readSamples(taken.file, taken.fragment, sounds, false)) await file.write(bytes)
      }
      deps.progress.add(chunk.endMs - chunk.fileMs, file.bytes)
    }
    return await file.finish()
  } catch (problem) {
    await file.giveUp()
    throw problem
  } finally {
    await soundFile?.close()
  }
}

async function* readPictures({ file, fragment, pictures }: Taken, chunk: PlacedChunk): AsyncGenerator<Buffer> {
  try {
    yield* readSamples(file, fragment, pictures.slice(0, chunk.pictures), true)
  } catch (problem) {
    throw problem instanceof ProtocolError ? new Stale(problem.message, true) : problem
  }
}

function movieOf(part: Part, coded: CodedSound | undefined): Movie {
  const video = { config: part.video, table: part.pictures }
  if (coded) {
    const chunks: Chunk[] = part.chunks.map((chunk, index) => ({ ...chunk, ...coded.perChunk[index]! }))
    return { video, audio: { config: coded.config, table: coded.table, delayMs: 0 }, chunks }
  }
  const audio = part.audio && part.sounds.count > 0 ? { config: part.audio, table: part.sounds, delayMs: part.soundDelayMs } : undefined
  return { video, audio, chunks: part.chunks }
}

/** `<cameraId>_20261123-080000.mp4`, in local time: whoever gets the file should know at a glance which camera and when. */
function nameFor({ cameraId }: ClipOrder, { fromAt }: Part, others: readonly WrittenFile[]): string {
  const at = new Date(fromAt)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`
  const name = `${cameraId}_${day}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
  const twins = others.filter(({ fileName }) => fileName.startsWith(name)).length
  return twins === 0 ? `${name}.mp4` : `${name}-${twins + 1}.mp4`
}
