/** Clips taken away (R-DL): who may ask for how much, who approves, who fetches, and when the files go. */
import { randomUUID } from 'node:crypto'
import { AppError } from '../../base/errors.ts'
import type { ClockGuard } from '../../base/clock-guard.ts'
import type { FileReply, User } from '../../base/routes.ts'
import type { Export, ExportClip, ExportLimits, RequestExport } from '../../contract/exports.ts'
import type { CameraId, Instant, UserId } from '../../contract/ids.ts'
import type { TimeRange } from '../../contract/recordings.ts'
import { createFolders } from './folders.ts'
import { APPROVAL_OVER_BYTES, APPROVAL_WAIT_MS, dailyLimitOf, KEEP_DAYS, LIMIT_WINDOW_MS, LISTED_MS } from './limits.ts'
import { createQueue, type QueueDeps } from './queue.ts'
import type { ExportStore, StoredClip, StoredExport } from './store.ts'

/** How often it is looked for files and requests whose time is over, and for what is still to be written. */
const LOOK_EVERY_MS = 60_000

export type ExportsDeps = Omit<QueueDeps, 'folders'> & {
  /** Of all exports; media writes below it too. */
  folder: string
  clockGuard: Pick<ClockGuard, 'mayExpire'>
  mayTouch(user: Pick<User, 'stationIds'>, cameraId: CameraId): boolean
  nameOf(cameraId: CameraId): string
  /** One was asked for, or is in another state than before. */
  onChanged(): void
}

/** For whom it concerns: how many wait for their decision, and when each of their own that can be fetched became ready, newest first. */
export type ExportNews = { toDecide: number; readyAts: Instant[] }

export function createExports({ folder, clockGuard, mayTouch, nameOf, onChanged, ...deps }: ExportsDeps) {
  const { clock, log, clipSize } = deps
  const store = tellingStore(deps.store, onChanged)
  const folders = createFolders(folder)
  const queue = createQueue({ ...deps, store, folders })
  /** Requests of one account are weighed one after the other: two at once must not both fit. */
  const weighing = new Map<UserId, Promise<unknown>>()
  /** What clips are still to be written from; unknown until it has been read. */
  let held: readonly StoredExport[] | undefined
  let holding: Promise<void> = Promise.resolve()
  const timer = clock.every(LOOK_EVERY_MS, () => void look().catch((problem) => log.warn({ problem }, 'exports are looked after at the next look')))

  const mayTouchAll = (user: User, cameraIds: readonly CameraId[]) => cameraIds.every((cameraId) => mayTouch(user, cameraId))
  const camerasOf = ({ clips }: StoredExport) => clips.map(({ cameraId }) => cameraId)
  const isMineToDecide = (exported: StoredExport, user: User) =>
    exported.state === 'waiting' && exported.userId !== user.userId && mayTouchAll(user, camerasOf(exported))

  async function request(body: RequestExport, user: User): Promise<Export> {
    const { cameraIds, fromAt, toAt } = body
    if (!mayTouchAll(user, cameraIds)) throw new AppError('not_found', 'no such camera')
    const sizes = await Promise.all(cameraIds.map((cameraId) => clipSize(cameraId, { fromAt, toAt })))
    const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0)
    await refuseOverLimit(user, bytes)
    const clips = sizes.map(({ cameraId, recordedMs, bytes, gaps }): StoredClip => ({
      cameraId,
      cameraName: nameOf(cameraId),
      state: 'queued',
      interruptions: 0,
      recordedMs,
      bytes,
      files: [],
      gaps,
      failure: null,
    }))
    const exported: StoredExport = {
      exportId: randomUUID(),
      state: bytes > APPROVAL_OVER_BYTES ? 'waiting' : 'queued',
      userId: user.userId,
      account: user.account,
      requestedAt: clock.now(),
      fromAt,
      toAt,
      purpose: body.purpose,
      documentNumber: body.documentNumber,
      reason: body.reason,
      isWatermarked: body.isWatermarked,
      isH264: body.isH264,
      decidedBy: null,
      decidedAt: null,
      decisionNote: '',
      readyAt: null,
      expiresAt: null,
      papers: [],
      clips,
    }
    await store.add(exported)
    await hold()
    queue.advance()
    return replyOf(exported, user)
  }

  async function refuseOverLimit(user: User, bytes: number): Promise<void> {
    const limit = dailyLimitOf(user.role)
    if (bytes > limit.bytes) throw new AppError('too_large', `${bytes} bytes, of ${limit.bytes} a day`)
    const used = await store.usage(user.userId, clock.now() - LIMIT_WINDOW_MS)
    if (used.count >= limit.count) throw new AppError('rate_limited', `${used.count} exports in 24 hours, of ${limit.count}`)
    if (used.bytes + bytes > limit.bytes) throw new AppError('rate_limited', `${used.bytes} and ${bytes} bytes in 24 hours, of ${limit.bytes}`)
  }

  function oneByOne<T>(userId: UserId, work: () => Promise<T>): Promise<T> {
    const done = (weighing.get(userId) ?? Promise.resolve()).then(work, work)
    weighing.set(userId, done)
    const forget = () => {
      if (weighing.get(userId) === done) weighing.delete(userId)
    }
    done.then(forget, forget)
    return done
  }

  async function limitsOf(user: User): Promise<ExportLimits> {
    const limit = dailyLimitOf(user.role)
    const used = await store.usage(user.userId, clock.now() - LIMIT_WINDOW_MS)
    return {
      approvalOverBytes: APPROVAL_OVER_BYTES,
      perDayBytes: limit.bytes,
      usedBytes: used.bytes,
      perDayCount: limit.count,
      usedCount: used.count,
      keepDays: KEEP_DAYS,
    }
  }

  /** Throws `not_found` for one that is somebody else's and none of theirs to decide: they cannot tell the two apart. */
  async function getOwn(exportId: string, user: User): Promise<StoredExport> {
    const exported = await store.find(exportId)
    if (!exported || exported.userId !== user.userId) throw new AppError('not_found', 'no such export')
    return exported
  }

  async function decide(exportId: string, { isApproved, note }: { isApproved: boolean; note: string }, user: User): Promise<Export> {
    const exported = await store.find(exportId)
    if (exported?.userId === user.userId) throw new AppError('forbidden', 'nobody approves an export of their own')
    if (!exported || !mayTouchAll(user, camerasOf(exported))) throw new AppError('not_found', 'no such export')
    const decision = { state: isApproved ? 'queued' : 'rejected', decidedBy: user.account, decidedAt: clock.now(), decisionNote: note } as const
    if (!(await store.change(exportId, ['waiting'], decision))) throw new AppError('conflict', 'it does not wait for a decision')
    queue.advance()
    return replyOf({ ...exported, ...decision }, user)
  }

  async function cancel(exportId: string, user: User): Promise<StoredExport> {
    const exported = await getOwn(exportId, user)
    // before anything is stopped: what is not queued any more is not begun again
    const isDone = await store.change(exportId, ['waiting', 'queued', 'running', 'ready'], { state: 'cancelled' })
    if (!isDone) throw new AppError('conflict', `it is ${exported.state} already`)
    await queue.stop(exportId)
    await folders.remove(exportId)
    return exported
  }

  async function findFile(exportId: string, name: string, user: User): Promise<{ exported: StoredExport; reply: FileReply; bytes: number }> {
    const exported = await getOwn(exportId, user)
    if (exported.state !== 'ready' || !mayTouchAll(user, camerasOf(exported))) throw new AppError('not_found', 'no such file')
    for (const { cameraId, files } of exported.clips) {
      const file = files.find(({ fileName }) => fileName === name)
      if (!file) continue
      const { fileName, sha256, bytes } = file
      return { exported, bytes, reply: { contentType: 'video/mp4', path: folders.filePath(exportId, cameraId, fileName), fileName, sha256 } }
    }
    const paper = exported.papers.find(({ fileName }) => fileName === name)
    if (!paper) throw new AppError('not_found', 'no such file')
    const contentType = name.endsWith('.json') ? 'application/json' : 'text/plain'
    return { exported, bytes: paper.bytes, reply: { contentType, path: folders.paperPath(exportId, name), fileName: name, sha256: paper.sha256 } }
  }

  async function look(): Promise<void> {
    try {
      await expire()
    } finally {
      await hold()
    }
  }

  /** A clock that was set takes nothing away. Files go before the row says so. */
  async function expire(): Promise<void> {
    if (!clockGuard.mayExpire()) return
    const nowAt = clock.now()
    for (const exportId of await store.listExpired(nowAt)) {
      try {
        await folders.remove(exportId)
      } catch (problem) {
        log.warn({ exportId, problem }, 'the files of an export are taken away at the next look')
        continue
      }
      if (await store.change(exportId, ['ready'], { state: 'expired' })) log.info({ exportId }, 'the files of an export were taken away')
    }
    for (const { exportId, requestedAt } of await store.listIn(['waiting'])) {
      if (requestedAt > nowAt - APPROVAL_WAIT_MS) continue
      if (await store.change(exportId, ['waiting'], { state: 'expired' })) log.info({ exportId }, 'an export was not approved in time')
    }
  }

  /** Reads anew what is to be written, one reading after the other: the newest counts. */
  function hold(): Promise<void> {
    const read = holding.then(async () => {
      held = await store.listIn(['waiting', 'queued', 'running'])
    })
    holding = read.catch(() => undefined) // told to whoever asked for it
    return read
  }

  /** Whether a clip is still to be written from this: then it is not deleted. */
  function isHeld(cameraId: CameraId, { fromAt, toAt }: TimeRange): boolean {
    if (!held) return true
    return held.some((exported) => exported.fromAt < toAt && exported.toAt > fromAt && exported.clips.some((clip) => clip.cameraId === cameraId))
  }

  /** What a stop left half removed; and what no database knows of any more, since nobody can fetch it. */
  async function sweep(): Promise<void> {
    const kept = new Set((await store.listIn(['queued', 'running', 'ready'])).map(({ exportId }) => exportId))
    for (const exportId of await folders.list()) if (!kept.has(exportId)) await folders.remove(exportId)
  }

  function replyOf(exported: StoredExport, user: User): Export {
    const { userId: _user, account, papers, clips, ...told } = exported
    return {
      ...told,
      requestedBy: account,
      isMine: exported.userId === user.userId,
      isMineToDecide: isMineToDecide(exported, user),
      papers: papers.map(({ fileName, bytes }) => ({ fileName, bytes })),
      clips: clips.map((clip) => clipReplyOf(exported.exportId, clip)),
    }
  }

  function clipReplyOf(exportId: string, { interruptions: _interruptions, recordedMs, files, ...clip }: StoredClip): ExportClip {
    const progress = queue.progressOf(exportId, clip.cameraId)
    return {
      ...clip,
      doneMs: clip.state === 'ready' ? recordedMs : (progress?.doneMs ?? 0),
      totalMs: progress?.totalMs ?? recordedMs,
      files: files.map(({ stretches: _stretches, clockOffsetMs: _offset, ...file }) => file),
    }
  }

  return {
    clipSize,
    request: (body: RequestExport, user: User): Promise<Export> => oneByOne(user.userId, () => request(body, user)),
    async list(user: User): Promise<{ limits: ExportLimits; exports: Export[] }> {
      const own = await store.listOf(user.userId, clock.now() - LISTED_MS)
      const toDecide = (await store.listIn(['waiting'])).filter((exported) => isMineToDecide(exported, user))
      const exports = [...own, ...toDecide].sort((a, b) => b.requestedAt - a.requestedAt)
      return { limits: await limitsOf(user), exports: exports.map((exported) => replyOf(exported, user)) }
    },
    async newsOf(user: User): Promise<ExportNews> {
      const toDecide = (await store.listIn(['waiting'])).filter((exported) => isMineToDecide(exported, user)).length
      const own = await store.listOf(user.userId, clock.now() - LISTED_MS)
      const ready = own.filter((exported) => exported.state === 'ready' && mayTouchAll(user, camerasOf(exported)))
      return { toDecide, readyAts: ready.flatMap(({ readyAt }) => readyAt ?? []).sort((a, b) => b - a) }
    },
    decide,
    cancel,
    findFile,
    isHeld,
    async open(): Promise<void> {
      await sweep()
      await hold()
      queue.advance()
    },
    async close(): Promise<void> {
      timer.cancel()
      await queue.close()
    },
  }
}
export type Exports = ReturnType<typeof createExports>

function tellingStore(store: ExportStore, onChanged: () => void): ExportStore {
  return {
    ...store,
    async add(exported) {
      await store.add(exported)
      onChanged()
    },
    async change(exportId, from, to) {
      const isChanged = await store.change(exportId, from, to)
      if (isChanged && to.state !== undefined) onChanged()
      return isChanged
    },
  }
}
