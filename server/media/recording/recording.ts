/** All recordings of this process: which cameras are recorded onto which disks, what is stored, what is taken away. */
import { mkdir, readdir, readFile, rmdir, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { createHistogram } from 'node:perf_hooks'
import { z } from 'zod'
import type { Clock } from '../../base/clock.ts'
import { AppError } from '../../base/errors.ts'
import { createMeter, type Log } from '../../base/log.ts'
import { writeWhole } from '../../base/whole-file.ts'
import { CameraId } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { Hub } from '../hub.ts'
import type { DiskStatus, MediaEvent, RecordedSegment, RecordingPlan, StoredFile } from '../plane.ts'
import { adoptAll } from './adopt.ts'
import { createArchive } from './archive.ts'
import { Disk } from './disk.ts'
import { Recorder } from './recorder.ts'
import { dayOf, isDay, parseSegmentName } from './segment-name.ts'

export type RecordingDeps = {
  hub: Hub
  /** Folders for recordings; a new segment goes to the one with the most room. */
  folders: readonly string[]
  /** Remembers which disk belongs to which folder, so that an empty mount point is not taken for a new disk. */
  knownDisksFile: string
  clock: Clock
  log: Log
  onEvent(event: MediaEvent): void
}

const KnownDisks = z.record(z.string(), z.string())
/** Nothing waits longer for one disk. */
const DISK_WITHIN_MS = 10_000

export function createRecording({ hub, folders, knownDisksFile, clock, log, onEvent }: RecordingDeps) {
  let disks: Disk[] = []
  const shelves: Disk[] = []
  const recorders = new Map<CameraId, Recorder>()
  /** Cameras whose sub stream is not to be had: they are recorded by the main one until the cameras change. */
  const withoutSub = new Set<CameraId>()
  const meter = createMeter(clock)
  const archive = createArchive({
    disks: shelves,
    findOpen: (cameraId) => recorders.get(cameraId)?.open,
    onUnreadable: (folder, problem) =>
      meter('unreadable', (leftOut) => log.warn({ folder, problem, leftOut }, 'recordings could not be read; those on other disks are there')),
  })
  /** What a crash, or a disk that went away, left; whatever its age the index has to hear of it. */
  let adopted: RecordedSegment[] = []
  /** The disk of each folder, ever. */
  let known: Record<string, string> = {}
  let noting: Promise<void> = Promise.resolve()
  let plan: readonly RecordingPlan[] = []
  let applying: Promise<void> = Promise.resolve()

  /** In microseconds: the histogram counts whole numbers from 1 on. */
  const writes = createHistogram()
  const onWritten = (waitedMs: number) => writes.record(Math.max(1, Math.round(waitedMs * 1_000)))

  async function open(): Promise<void> {
    await mkdir(dirname(knownDisksFile), { recursive: true, mode: 0o700 })
    known = KnownDisks.parse(JSON.parse((await readFile(knownDisksFile, 'utf8').catch(() => '')) || '{}'))
    disks = folders.map((folder) => {
      const disk: Disk = new Disk({ folder, expectedId: known[folder], clock, log, onWritten, onBack: () => void welcome(disk) })
      return disk
    })
    await Promise.all(disks.map((disk) => disk.open()))
    shelves.push(...disks)
    for (const disk of disks) await adoptOn(disk)
    await noteKnownDisks()
  }

  function noteKnownDisks(): Promise<void> {
    for (const { folder, diskId } of disks) if (diskId !== undefined) known[folder] = diskId
    const noted = noting.then(() => writeWhole(knownDisksFile, `${JSON.stringify(known)}\n`))
    noting = noted.catch((problem) => log.warn({ problem }, 'which disk lies in which folder could not be written down'))
    return noted
  }

  async function adoptOn(disk: Disk): Promise<RecordedSegment[]> {
    if (!disk.canRead) return []
    try {
      const found = await adoptAll(disk, log)
      adopted.push(...found)
      return found
    } catch (problem) {
      log.warn({ folder: disk.folder, problem }, 'what was cut off on a disk could not be looked at')
      return []
    }
  }

  /** A disk that was away, or is there for the first time. What it lost in the middle of writing is closed, and told. */
  async function welcome(disk: Disk) {
    log.info({ folder: disk.folder }, 'a folder for recordings is there')
    await disk.drain()
    for (const segment of await adoptOn(disk)) onEvent({ type: 'segment', segment })
    await noteKnownDisks().catch(() => undefined) // it is logged
  }

  /** For an index that was not there when they were adopted. */
  async function tellAdopted() {
    for (const segment of adopted) {
      const disk = disks.find(({ diskId }) => diskId === segment.diskId)
      if (!disk?.canRead) continue
      if ((await sizeOf(join(disk.folder, segment.path))) !== undefined) onEvent({ type: 'segment', segment })
      else adopted = adopted.filter((each) => each !== segment)
    }
  }

  /** The writable disk with the most room; one that lags behind only when there is no other. */
  function chooseDisk(): Disk | undefined {
    return disks.filter((disk) => disk.canWrite).sort((a, b) => Number(a.isSlow) - Number(b.isSlow) || b.freeBytes - a.freeBytes)[0]
  }

  /** Replaces what is to be recorded. Cameras that media does not know yet begin when it does. */
  function setPlan(next: readonly RecordingPlan[]): Promise<void> {
    plan = next
    void tellAdopted()
    return apply()
  }

  function camerasChanged(): Promise<void> {
    withoutSub.clear()
    return apply()
  }

  const streamOf = ({ cameraId, profile }: RecordingPlan) => hub.getStream(cameraId, withoutSub.has(cameraId) ? 'main' : profile)

  /** A stream that is no more is left for the one in its place. */
  function apply(): Promise<void> {
    const run = applying.then(async () => {
      const wanted = new Map(plan.map((each) => [each.cameraId, each]))
      const leaving = [...recorders].filter(([cameraId, { stream }]) => {
        const next = wanted.get(cameraId)
        return !next || !hub.hasCamera(cameraId) || streamOf(next) !== stream
      })
      for (const [cameraId] of leaving) recorders.delete(cameraId)
      await Promise.all(leaving.map(([, recorder]) => within(recorder.close(), undefined)))
      for (const each of plan) if (!recorders.has(each.cameraId) && hub.hasCamera(each.cameraId)) await begin(each)
    })
    applying = run.catch(() => undefined) // what went wrong with this plan must not stop the next
    return run
  }

  /** A disk that does not answer must not keep the others from their work: then it goes on without. */
  function within<T>(asked: Promise<T>, without: T): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = clock.after(DISK_WITHIN_MS, () => resolve(without))
      asked.then(resolve, reject).finally(() => timer.cancel())
    })
  }

  async function begin(planned: RecordingPlan) {
    const { cameraId } = planned
    const lastEndAt = (await within(archive.findEnd(cameraId), undefined)) ?? 0
    const recorder = new Recorder(streamOf(planned), {
      clock,
      log,
      chooseDisk,
      lastEndAt,
      onSegment: (segment) => onEvent({ type: 'segment', segment }),
      onProblem: (problem, at, detail) => onEvent({ type: 'recordingProblem', cameraId, problem, at, detail }),
      onNoSub() {
        log.warn({ cameraId }, 'the sub stream cannot be had: the main one is recorded')
        withoutSub.add(cameraId)
        void apply()
      },
    })
    recorders.set(cameraId, recorder)
  }

  /** Closed segments that begin in this range, for an index that missed some. */
  async function listSegments({ fromAt, toAt }: TimeRange): Promise<RecordedSegment[]> {
    const found: RecordedSegment[] = []
    for (const { folder, diskId, canRead } of disks) {
      if (diskId === undefined || !canRead) continue
      const days = (await readdir(folder).catch(() => [])).filter((day) => isDay(day) && day >= dayOf(fromAt) && day <= dayOf(toAt - 1))
      for (const day of days) {
        for (const camera of await readdir(join(folder, day)).catch(() => [])) {
          const cameraId = CameraId.safeParse(camera)
          if (!cameraId.success) continue
          for (const name of await readdir(join(folder, day, camera)).catch(() => [])) {
            const parsed = parseSegmentName(name)
            if (parsed?.durationMs === undefined || parsed.startAt < fromAt || parsed.startAt >= toAt) continue
            const path = join(day, camera, name)
            const bytes = await sizeOf(join(folder, path))
            if (bytes === undefined) continue // deleted in this moment
            const profile = plan.find((each) => each.cameraId === cameraId.data)?.profile ?? 'main'
            const endAt = parsed.startAt + parsed.durationMs
            found.push({ cameraId: cameraId.data, profile, diskId, path, fromAt: parsed.startAt, toAt: endAt, bytes, isClosed: true })
          }
        }
      }
    }
    return found
  }

  const sizeOf = (file: string): Promise<number | undefined> =>
    stat(file).then(
      ({ size }) => size,
      () => undefined,
    )

  /** Takes files away and the folders that are empty then. Answers those that are gone, for whatever reason. */
  async function remove(files: readonly StoredFile[]): Promise<StoredFile[]> {
    const gone: StoredFile[] = []
    for (const { diskId, path } of files) {
      const disk = disks.find((each) => each.diskId === diskId)
      if (!disk) continue
      const file = resolve(disk.folder, path)
      if (!file.startsWith(disk.folder + sep) || !file.endsWith('.mp4')) throw new AppError('bad_request', `not a recording: ${path}`)
      const isGone = await unlink(file).then(
        () => true,
        (problem: NodeJS.ErrnoException) => problem.code === 'ENOENT',
      )
      if (!isGone) continue
      gone.push({ diskId, path })
      for (const folder of [dirname(file), dirname(dirname(file))]) await rmdir(folder).catch(() => undefined) // not empty yet
    }
    await Promise.all(disks.filter((disk) => disk.canRead).map((disk) => disk.look()))
    return gone
  }

  return {
    archive,
    open,
    setPlan,
    camerasChanged,
    listSegments,
    remove,
    disks: (): DiskStatus[] => disks.map((disk) => disk.status()),
    /** How long fragments waited until they were written, since the last call. */
    writeDelay() {
      const delay = { p99Ms: writes.count === 0 ? 0 : writes.percentile(99) / 1_000, maxMs: writes.count === 0 ? 0 : writes.max / 1_000 }
      writes.reset()
      return delay
    },
    openSegments: () => [...recorders.values()].filter((recorder) => recorder.open !== undefined).length,
    /** Everything at hand is stored and every file closed. */
    async close(): Promise<void> {
      plan = []
      await apply()
      await Promise.all(disks.map((disk) => disk.close()))
    },
  }
}
export type Recording = ReturnType<typeof createRecording>
