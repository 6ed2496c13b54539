/** The drill's part about recordings: a recorded file is found on the disks, cut and played, all from the file alone. */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { CameraId, type Instant } from '../contract/ids.ts'
import { writeClip } from '../media/export/clip.ts'
import { createProgress } from '../media/export/progress.ts'
import { createRoom } from '../media/export/room.ts'
import { findFfmpeg } from '../media/ffmpeg.ts'
import { FileMemory } from '../media/playback/file-memory.ts'
import { createArchive } from '../media/recording/archive.ts'
import { isDay, parseSegmentName } from '../media/recording/segment-name.ts'

const CLIP_MS = 10_000
const PLAY_WITHIN_MS = 120_000

export type NewestRecording = { file: string; day: string; cameraId: CameraId; fromAt: Instant; toAt: Instant }

/** The closed file that ended last, if possible one that is long enough for a clip. Reads names only. */
export async function findNewestRecording(folders: readonly string[]): Promise<NewestRecording | undefined> {
  const found: NewestRecording[] = []
  for (const folder of folders) {
    for (const day of (await namesIn(folder)).filter(isDay).sort().toReversed()) {
      const ofDay = await listClosed(folder, day)
      found.push(...ofDay)
      if (ofDay.some(isLong)) break
    }
  }
  const newest = found.sort((a, b) => b.toAt - a.toAt)
  return newest.find(isLong) ?? newest[0]
}

const isLong = ({ fromAt, toAt }: NewestRecording) => toAt - fromAt >= CLIP_MS

async function listClosed(folder: string, day: string): Promise<NewestRecording[]> {
  const found: NewestRecording[] = []
  for (const name of await namesIn(join(folder, day))) {
    const cameraId = CameraId.safeParse(name)
    if (!cameraId.success) continue
    for (const fileName of await namesIn(join(folder, day, name))) {
      const parsed = parseSegmentName(fileName)
      if (parsed?.durationMs === undefined) continue
      found.push({ file: join(folder, day, name, fileName), day, cameraId: cameraId.data, fromAt: parsed.startAt, toAt: parsed.startAt + parsed.durationMs })
    }
  }
  return found
}

/** None in a disk that is not there, or that holds other things. */
const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])

/** The last 10 s of it as an MP4; every picture is looked at on the way. */
export async function cutClip({ cameraId, fromAt, toAt }: NewestRecording, { folder, diskId }: { folder: string; diskId: string }, into: string) {
  const clipFromAt = Math.max(fromAt, toAt - CLIP_MS)
  const files = await writeClip(
    { exportId: 'drill', cameraId, fromAt: clipFromAt, toAt, isH264: false, watermark: null },
    {
      archive: createArchive({ disks: [{ folder, diskId, canRead: true }], findOpen: () => undefined }),
      memory: new FileMemory(),
      log: silentLog,
      folder: into,
      ffmpegPath: undefined,
      room: createRoom(into, { reserveBytes: 0, reserveRate: 0 }),
      progress: createProgress(systemClock, () => undefined),
      signal: new AbortController().signal,
    },
  )
  const paths = files.map(({ fileName }) => join(into, fileName))
  return { value: paths, detail: `${files.length} 个文件 files, ${((toAt - clipFromAt) / 1000).toFixed(1)} s` }
}

/** Decodes every picture. Without ffmpeg nothing can be decoded here; the pictures were looked at one by one while the clip was cut. */
export async function playClip(paths: readonly string[], ffmpeg: string) {
  const program = findFfmpeg(ffmpeg, process.env['PATH'])
  if (program === undefined) return { value: true, detail: '没有 ffmpeg：逐帧检查过结构，未解码 / no ffmpeg: every picture was looked at, none decoded' }
  let pictures = 0
  for (const path of paths) {
    const { stdout, stderr } = await promisify(execFile)(
      program,
      ['-hide_banner', '-loglevel', 'error', '-nostdin', '-xerror', '-progress', 'pipe:1', '-i', path, '-f', 'null', '-'],
      { timeout: PLAY_WITHIN_MS },
    )
    if (stderr !== '') throw new Error(`ffmpeg: ${stderr.slice(0, 300)}`)
    pictures += Number(/.*frame=(\d+)/s.exec(stdout)?.[1] ?? 0)
  }
  if (pictures === 0) throw new Error('ffmpeg 没有解出画面 / decoded no picture')
  return { value: true, detail: `${pictures} 帧全部解码 pictures decoded` }
}
