/** A file that is there already, coded anew as H.264; with account and time drawn into its pictures, tiled over them, if asked for (R-DL, R-SEC-6). */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rename, unlink, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { FfmpegFailed, runFfmpeg, recodeArguments } from '../ffmpeg.ts'
import { partOf, type Written } from './file-writer.ts'
import { ExportProblem } from './problem.ts'
import type { Room } from './room.ts'

const TEXT_FILE = 'watermark.txt'
/** Lines over the picture, and how often a line says it; what does not fit is cut off. */
const LINES = 8
const REPEATS = 8

/** `text`: the watermark. */
type Job = { plainPath: string; path: string; text: string | null; heightPx: number }
type Deps = { ffmpegPath: string; room: Room; signal: AbortSignal; onMedia(ms: number): void }

export async function recodeFile({ plainPath, path, text, heightPx }: Job, { ffmpegPath, room, signal, onMedia }: Deps): Promise<Written & { frames: number }> {
  const folder = dirname(path)
  const output = partOf(path)
  const textFile = text === null ? undefined : TEXT_FILE
  if (text !== null) await writeFile(join(folder, TEXT_FILE), tiled(text), { mode: 0o600 })
  const threads = Math.max(1, Math.floor(availableParallelism() / 2))
  const args = recodeArguments({ input: basename(plainPath), output: basename(output), textFile, heightPx, threads })
  let doneMs = 0
  let frames = 0
  let pending = ''
  async function onOutput(chunk: Buffer) {
    const lines = (pending + chunk.toString('latin1')).split('\n')
    pending = lines.pop()!
    for (const line of lines) {
      const [name, value] = line.split('=')
      const count = Number(value)
      if (name === 'frame' && count > 0) frames = count
      if (name !== 'out_time_us' || !(count / 1000 > doneMs)) continue
      onMedia(count / 1000 - doneMs)
      doneMs = count / 1000
    }
    await room.check(0)
  }
  try {
    await runFfmpeg(ffmpegPath, args, { folder, onOutput, signal })
  } catch (problem) {
    throw problem instanceof FfmpegFailed ? new ExportProblem('transcode_failed', problem.message) : problem
  }
  if (textFile) await unlink(join(folder, textFile))
  await rename(output, path)
  return { ...(await hashFile(path, signal)), frames }
}

/** Every other line begins further in, so that no edge of the picture is free of it. */
function tiled(text: string): string {
  const row = Array.from({ length: REPEATS }, () => text).join(' '.repeat(12))
  return Array.from({ length: LINES }, (_, index) => (index % 2 === 0 ? row : ' '.repeat(14) + row)).join('\n')
}

async function hashFile(path: string, signal: AbortSignal): Promise<Written> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { bytes, sha256: hash.digest('hex') }
}
