/**
 * A believable past for a new demo (R-STORE, R-PLAY): an evening rush of four cameras yesterday, with what goes wrong in one, and the last minutes of all that are
 * recorded, as files that the recorder itself could have written. About 1 GB, written in the background after the start.
 */
import { readFileSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { CameraId, type Instant, type Profile } from '../contract/ids.ts'
import type { TimeRange } from '../contract/recordings.ts'
import type { Marks } from '../features/marks/index.ts'
import type { IndexRow, Recordings } from '../features/recordings/index.ts'
import { readDiskId } from '../media/recording/disk.ts'
import { cameraFolder, closedName, dayOf, openName } from '../media/recording/segment-name.ts'
import type { SegmentNote } from '../media/recording/segment-note.ts'
import type { VideoConfig } from '../protocols/codec/access-unit.ts'
import { h264Config } from '../protocols/codec/h264.ts'
import { type FragmentSample, muxFragmentedHead, muxFragmentHead, VIDEO_TRACK_ID } from '../protocols/mp4/fragment.ts'
import { readPictures } from './annexb.ts'
import { clipFolder, createClipLibrary } from './clip-library.ts'
import { listDemoCameras } from './cameras.ts'
import { listDemoStreams } from './stream-plan.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const SEGMENT_MS = 10 * MINUTE_MS
/** Cameras with a yesterday; every station of the first four has one. */
const STORY_CAMERAS = 4
const RUSH = { fromMinute: 18 * 60, toMinute: 18 * 60 + 30 }
const STORY_MS = 20 * MINUTE_MS
const OTHERS_MS = 10 * MINUTE_MS
/** From the beginning of the rush: one camera cannot be reached, and a disk is changed. */
const OUTAGE = { fromMs: 12 * MINUTE_MS, toMs: 15 * MINUTE_MS }
const DISK_CHANGE = { fromMs: 21 * MINUTE_MS, toMs: 21 * MINUTE_MS + 95_000 }

export type PastDeps = {
  recordings: Recordings
  marks: Marks
  clock: Clock
  cameraIds: readonly CameraId[]
  /** Of recordings; the disk appears in it when media is up. */
  folder: string
}

const clips = createClipLibrary()

type Stretch = TimeRange & { cameraId: CameraId; profile: Profile }
type Group = { body: Buffer; samples: FragmentSample[]; durationMs: number }

/** Who has a yesterday, when it was, and what went wrong in one of them: what is recorded and what is judged must tell the same. */
export function planStory(cameraIds: readonly CameraId[], nowAt: Instant) {
  const rush = rushBefore(nowAt)
  const storyIds = onePerStation(cameraIds)
  const [, brokenId] = storyIds
  const outage = { fromAt: rush.fromAt + OUTAGE.fromMs, toAt: rush.fromAt + OUTAGE.toMs }
  return { rush, storyIds, recordedFromAt: rush.fromAt - DAY_MS / 4, outages: brokenId ? [{ cameraId: brokenId, ...outage }] : [] }
}

/** Policies, causes, marks and locks at once; the files follow by `writeFiles`. */
export async function seedPast({ recordings, marks, clock, cameraIds, folder }: PastDeps): Promise<{ writeFiles(): Promise<void> }> {
  const nowAt = clock.now()
  const { rush, storyIds, recordedFromAt } = planStory(cameraIds, nowAt)
  const outOf = (range: { fromMs: number; toMs: number }) => ({ fromAt: rush.fromAt + range.fromMs, toAt: rush.fromAt + range.toMs })
  const [, brokenId, changedId] = storyIds
  const daily = Array.from({ length: 7 }, (_, day) => ({ fromMinute: day * 1_440 + RUSH.fromMinute, toMinute: day * 1_440 + RUSH.toMinute }))
  const common = { profile: 'main' as const, keepDays: 15 }

  await recordings.setPolicy({ cameraIds: storyIds, mode: 'scheduled', schedule: daily, ...common }, recordedFromAt)
  await recordings.setPolicy({ cameraIds: storyIds, mode: 'continuous', schedule: [], ...common }, nowAt - STORY_MS)
  const others = cameraIds.filter((cameraId) => !storyIds.includes(cameraId))
  await recordings.setPolicy({ cameraIds: others, mode: 'continuous', schedule: [], ...common }, nowAt - OTHERS_MS)
  if (changedId) await recordings.noteProblem(changedId, { ...outOf(DISK_CHANGE), problem: 'no_disk' })
  await seedMarks()

  async function seedMarks() {
    const by = { account: 'supervisor' }
    const notes = ['演示：白色面包车驶入', '演示：离线前最后画面', '演示：行人横穿', '演示：复核']
    for (const [i, cameraId] of storyIds.entries())
      await marks.addMark(cameraId, { at: rush.fromAt + (5 + 2 * i) * MINUTE_MS, note: notes[i % notes.length]! }, by)
    // what is locked outlives the demo's small quota
    for (const cameraId of storyIds) await marks.addLock(cameraId, { ...rush, untilAt: nowAt + 30 * DAY_MS, reason: '演示案例' }, by)
  }

  return {
    async writeFiles() {
      const diskId = await diskIn(folder, clock)
      const stretches: Stretch[] = [
        ...storyIds.flatMap((cameraId) => rushOf(cameraId).map((range) => ({ cameraId, profile: 'main' as const, ...range }))),
        ...storyIds.map((cameraId) => ({ cameraId, profile: 'main' as const, fromAt: nowAt - STORY_MS, toAt: nowAt })),
        ...others.map((cameraId) => ({ cameraId, profile: 'sub' as const, fromAt: nowAt - OTHERS_MS, toAt: nowAt })),
      ]
      for (const stretch of stretches) await writeStretch(stretch, { folder, diskId, recordings, clock })
    },
  }

  function rushOf(cameraId: CameraId): TimeRange[] {
    const missing = cameraId === brokenId ? outOf(OUTAGE) : cameraId === changedId ? outOf(DISK_CHANGE) : undefined
    if (!missing) return [rush]
    return [
      { fromAt: rush.fromAt, toAt: missing.fromAt },
      { fromAt: missing.toAt, toAt: rush.toAt },
    ]
  }
}

/** The last evening rush that is over by a good while, local time. */
function rushBefore(at: Instant): TimeRange {
  const day = new Date(at)
  day.setDate(day.getDate() - 1)
  day.setHours(0, RUSH.fromMinute, 0, 0)
  return { fromAt: day.getTime(), toAt: day.getTime() + (RUSH.toMinute - RUSH.fromMinute) * MINUTE_MS }
}

function onePerStation(cameraIds: readonly CameraId[]): CameraId[] {
  const stationOf = new Map(listDemoCameras().map((camera) => [camera.cameraId as string, camera.stationId]))
  const seen = new Set<string | undefined>()
  return cameraIds.filter((cameraId) => !seen.has(stationOf.get(cameraId)) && seen.add(stationOf.get(cameraId))).slice(0, STORY_CAMERAS)
}

async function diskIn(folder: string, clock: Clock): Promise<string> {
  for (let waitedMs = 0; ; waitedMs += 500) {
    const diskId = await readDiskId(folder).catch((problem) => {
      if (waitedMs > MINUTE_MS) throw problem
    })
    if (diskId !== undefined) return diskId
    await clock.sleep(500)
  }
}

type WriteDeps = { folder: string; diskId: string; recordings: Recordings; clock: Clock }

async function writeStretch({ cameraId, profile, fromAt, toAt }: Stretch, { folder, diskId, recordings, clock }: WriteDeps) {
  const stream = listDemoStreams().find((each) => each.cameraId === (cameraId as string))!
  const { main, sub } = clips.clip(stream.clip)
  const { video, groups } = readClip((profile === 'main' ? main : sub).moving)
  for (let startAt = fromAt; startAt < toAt;) {
    const row = await writeSegment({ cameraId, profile, startAt, untilAt: Math.min(toAt, startAt + SEGMENT_MS), video, groups, folder, diskId })
    await recordings.changeIndex({ put: [row], remove: [] })
    startAt = row.toAt
    await clock.sleep(20) // the demo itself has the machine first
  }
}

type SegmentFacts = {
  cameraId: CameraId
  profile: Profile
  startAt: Instant
  untilAt: Instant
  video: VideoConfig
  groups: readonly Group[]
  folder: string
  diskId: string
}

async function writeSegment({ cameraId, profile, startAt, untilAt, video, groups, folder, diskId }: SegmentFacts): Promise<IndexRow> {
  const file = join(cameraFolder(folder, dayOf(startAt), cameraId), openName(startAt))
  const note: SegmentNote = { version: 1, cameraId, profile, startAt, clockOffsetMs: 0 }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const handle = await open(file, 'wx', 0o600)
  let bytes = 0
  let baseTime = 0
  try {
    let head: Uint8Array = muxFragmentedHead({ video, audio: undefined, note })
    for (let sequence = 1; startAt + baseTime < untilAt; sequence++) {
      const { body, samples, durationMs } = groups[(sequence - 1) % groups.length]!
      const written = await handle.writev([head, muxFragmentHead(sequence, startAt + baseTime, [{ trackId: VIDEO_TRACK_ID, baseTime, samples }]), body])
      bytes += written.bytesWritten
      baseTime += durationMs
      head = new Uint8Array(0)
    }
  } finally {
    await handle.close()
  }
  const name = closedName(startAt, baseTime)
  await rename(file, join(dirname(file), name))
  return { cameraId, profile, diskId, path: join(dayOf(startAt), cameraId, name), fromAt: startAt, toAt: startAt + baseTime, bytes }
}

/** A clip as groups of pictures, each the body of one fragment. */
function readClip({ file, fps }: { file: string; fps: number }): { video: VideoConfig; groups: Group[] } {
  const { pictures, parameterSets } = readPictures('h264', readFileSync(join(clipFolder, file)))
  const ofType = (type: number) => parameterSets.filter((unit) => (unit[0]! & 0x1f) === type)
  const groups: Group[] = []
  let parts: Uint8Array[] = []
  let samples: FragmentSample[] = []
  const timeOf = (frame: number) => Math.round((frame * 1_000) / fps)
  for (const [frame, { units, isKey }] of pictures.entries()) {
    const sized = units.flatMap((unit) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(unit.length)
      return [length, unit]
    })
    parts.push(...sized)
    samples.push({ duration: timeOf(frame + 1) - timeOf(frame), bytes: sized.reduce((sum, part) => sum + part.length, 0), isKey, compositionOffset: 0 })
    if (frame + 1 < pictures.length && !pictures[frame + 1]!.isKey) continue
    groups.push({ body: Buffer.concat(parts), samples, durationMs: samples.reduce((sum, { duration }) => sum + duration, 0) })
    parts = []
    samples = []
  }
  return { video: h264Config(ofType(7), ofType(8)), groups }
}
