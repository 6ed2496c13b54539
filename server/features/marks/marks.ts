/** Marks and locks of recordings (R-PLAY-4). Locks in force are held in memory: retention asks for every segment it would take. */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { ClockGuard } from '../../base/clock-guard.ts'
import { AppError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { CameraId } from '../../contract/ids.ts'
import type { AddLock, AddMark, Lock, Mark } from '../../contract/marks.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import type { MarkStore } from './store.ts'

/** More of one camera help nobody to find anything. */
const MAX_MARKS_PER_CAMERA = 10_000
const MAX_MARKS_LISTED = 2_000
const MAX_LOCKS = 5_000
const LOOK_EVERY_MS = 60_000

export type MarksDeps = { store: MarkStore; clock: Clock; clockGuard: Pick<ClockGuard, 'mayExpire'>; log: Log }
type By = { account: string; mayRemoveOthers: boolean }

export function createMarks({ store, clock, clockGuard, log }: MarksDeps) {
  const locks = new Map<string, Lock>()
  let isOpen = false

  const timer = clock.every(LOOK_EVERY_MS, () => void endExpired().catch((problem) => log.warn({ problem }, 'locks that are over are ended at the next look')))

  async function endExpired(): Promise<void> {
    for (const lock of locks.values()) {
      if (isInForce(lock)) continue
      await store.endLock(lock.lockId, lock.untilAt!, null)
      locks.delete(lock.lockId)
    }
  }

  /** A clock that was set ends no lock. */
  function isInForce({ untilAt }: Lock): boolean {
    return untilAt === null || clock.now() < untilAt || !clockGuard.mayExpire()
  }
  const inForce = () => [...locks.values()].filter(isInForce)
  const touches = (lock: Lock, cameraId: CameraId, { fromAt, toAt }: TimeRange) => lock.cameraId === cameraId && lock.fromAt < toAt && lock.toAt > fromAt

  return {
    async open(): Promise<void> {
      for (const lock of await store.listLocks()) locks.set(lock.lockId, lock)
      isOpen = true
    },
    /** Must this be kept whatever its age? Before the locks are read everything must. */
    isLocked(cameraId: CameraId, range: TimeRange): boolean {
      if (!isOpen) return true
      for (const lock of locks.values()) if (touches(lock, cameraId, range) && isInForce(lock)) return true
      return false
    },
    async list(cameraId: CameraId, range: TimeRange): Promise<{ marks: Mark[]; locks: Lock[] }> {
      return { marks: await store.listMarks(cameraId, range, MAX_MARKS_LISTED), locks: inForce().filter((lock) => touches(lock, cameraId, range)) }
    },
    /** Locks in force on cameras that `isWanted`, oldest range first. */
    listLocks: (isWanted: (cameraId: CameraId) => boolean): Lock[] =>
      inForce()
        .filter(({ cameraId }) => isWanted(cameraId))
        .sort((a, b) => a.fromAt - b.fromAt),
    async addMark(cameraId: CameraId, { at, note }: AddMark, { account }: Pick<By, 'account'>): Promise<Mark> {
      if (at > clock.now()) throw new AppError('bad_request', 'a moment that is still to come')
      if ((await store.countMarks(cameraId)) >= MAX_MARKS_PER_CAMERA) throw new AppError('conflict', `more than ${MAX_MARKS_PER_CAMERA} marks on this camera`)
      const mark: Mark = { markId: randomUUID(), cameraId, at, note, by: account, createdAt: clock.now() }
      await store.addMark(mark)
      return mark
    },
    async removeMark(cameraId: CameraId, markId: string, { account, mayRemoveOthers }: By): Promise<Mark> {
      const mark = await store.findMark(cameraId, markId)
      if (!mark) throw new AppError('not_found', 'no such mark')
      if (mark.by !== account && !mayRemoveOthers) throw new AppError('forbidden', 'a mark of somebody else')
      await store.removeMark(markId)
      return mark
    },
    async addLock(cameraId: CameraId, { fromAt, toAt, untilAt, reason }: AddLock, { account }: Pick<By, 'account'>): Promise<Lock> {
      const nowAt = clock.now()
      if (fromAt > nowAt) throw new AppError('bad_request', 'a range that is still to come')
      if (untilAt !== null && untilAt <= nowAt) throw new AppError('bad_request', 'a lock that would be over already')
      if (locks.size >= MAX_LOCKS) throw new AppError('conflict', `more than ${MAX_LOCKS} locks in force`)
      const lock: Lock = { lockId: randomUUID(), cameraId, fromAt, toAt, untilAt, reason, by: account, createdAt: nowAt }
      // in memory first: between the two, retention must already see it
      locks.set(lock.lockId, lock)
      try {
        await store.addLock(lock)
      } catch (problem) {
        locks.delete(lock.lockId)
        throw problem
      }
      return lock
    },
    async removeLock(cameraId: CameraId, lockId: string, { account }: Pick<By, 'account'>): Promise<Lock> {
      const lock = locks.get(lockId)
      if (!lock || lock.cameraId !== cameraId) throw new AppError('not_found', 'no such lock')
      await store.endLock(lockId, clock.now(), account)
      locks.delete(lockId)
      return lock
    },
    close: () => timer.cancel(),
  }
}
export type Marks = ReturnType<typeof createMarks>
