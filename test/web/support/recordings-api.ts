/** A stand-in for marks, locks and exports of `contract/{marks,exports}.ts`, in memory: exports are written at the pace a test sets. */
import { randomUUID } from 'node:crypto'
import { type Export, type ExportLimits, RequestExport } from '../../../server/contract/exports.ts'
import type { CameraId } from '../../../server/contract/ids.ts'
import { AddLock, AddMark, type Lock, type Mark } from '../../../server/contract/marks.ts'
import type { Gap, TimeRange } from '../../../server/contract/recordings.ts'

const bytesPerMs = 500
const sha256 = '9f3c'.padEnd(60, '0') + 'e07a'

export function createRecordingsApi({
  recordedIn,
  gapsIn,
}: {
  recordedIn: (cameraId: string, range: TimeRange) => TimeRange[]
  gapsIn: (cameraId: string, range: TimeRange) => Gap[]
}) {
  let marks: Mark[] = []
  let locks: Lock[] = []
  let exports: Export[] = []
  const limits: ExportLimits = { approvalOverBytes: 500e6, perDayBytes: 20e9, usedBytes: 0, perDayCount: 50, usedCount: 0, keepDays: 7 }

  return {
    marks: () => marks,
    locks: () => locks,
    exports: () => exports,
    limits,
    put: (one: Export) => (exports = [one, ...exports]),
    makeExport,
    /** Undefined: not one of these. */
    answer(method: string, { pathname, searchParams }: URL, body: unknown): { status: number; body: unknown } | undefined {
      const [, , noun = '', id = '', part = '', partId = ''] = pathname.split('/')
      const range = { fromAt: Number(searchParams.get('fromAt')), toAt: Number(searchParams.get('toAt')) }
      const ok = (value: unknown) => ({ status: 200, body: value })
      if (noun === 'cameras' && part === 'marks') {
        if (method === 'GET')
          return ok({
            marks: marks.filter((mark) => mark.cameraId === id && mark.at >= range.fromAt && mark.at < range.toAt),
            locks: locks.filter((lock) => lock.cameraId === id && lock.fromAt < range.toAt && lock.toAt > range.fromAt),
          })
        if (method === 'DELETE') return ok((marks = marks.filter(({ markId }) => markId !== partId)) && {})
        const mark: Mark = { ...AddMark.parse(body), markId: randomUUID(), cameraId: id as CameraId, by: 'D-017', createdAt: Date.now() }
        marks = [...marks, mark].sort((a, b) => a.at - b.at)
        return ok(mark)
      }
      if (noun === 'cameras' && part === 'locks') {
        if (method === 'DELETE') return ok((locks = locks.filter(({ lockId }) => lockId !== partId)) && {})
        const lock: Lock = { ...AddLock.parse(body), lockId: randomUUID(), cameraId: id as CameraId, by: 'D-017', createdAt: Date.now() }
        locks = [...locks, lock]
        return ok(lock)
      }
      if (noun === 'cameras' && part === 'clip-size') {
        const recordedMs = total(recordedIn(id, range))
        return ok({ cameraId: id, recordedMs, bytes: recordedMs * bytesPerMs, gaps: gapsIn(id, range) })
      }
      if (noun === 'exports') {
        if (method === 'GET') return ok({ limits, exports })
        if (part === 'decision') {
          const { isApproved, note } = body as { isApproved: boolean; note: string }
          exports = exports.map((one) =>
            one.exportId === id ? { ...one, state: isApproved ? 'queued' : 'rejected', isMineToDecide: false, decisionNote: note } : one,
          )
          return ok(exports.find((one) => one.exportId === id))
        }
        if (method === 'DELETE') return ok((exports = exports.map((one) => (one.exportId === id ? { ...one, state: 'cancelled' } : one))) && {})
        const one = makeExport(RequestExport.parse(body))
        exports = [one, ...exports]
        return ok(one)
      }
      return undefined
    },
    /** Everything under way is so far: 0 to 1. */
    progress(share: number) {
      exports = exports.map((one) => (one.state === 'queued' || one.state === 'running' ? at(one, share) : one))
    },
  }

  function makeExport(wish: RequestExport, more: Partial<Export> = {}): Export {
    const clips = wish.cameraIds.map((cameraId): Export['clips'][number] => {
      const totalMs = total(recordedIn(cameraId, wish))
      return {
        cameraId,
        cameraName: `点位 ${cameraId}`,
        state: 'queued',
        doneMs: 0,
        totalMs,
        bytes: totalMs * bytesPerMs,
        files: [],
        gaps: gapsIn(cameraId, wish),
        failure: null,
      }
    })
    const needsApproval = total(clips.map(({ bytes }) => ({ fromAt: 0, toAt: bytes }))) > limits.approvalOverBytes
    return {
      ...wish,
      exportId: randomUUID(),
      state: needsApproval ? 'waiting' : 'queued',
      requestedBy: 'D-017',
      isMine: true,
      isMineToDecide: false,
      requestedAt: Date.now(),
      decidedBy: null,
      decidedAt: null,
      decisionNote: '',
      readyAt: null,
      expiresAt: null,
      clips,
      papers: [],
      ...more,
    }
  }
}
export type RecordingsApi = ReturnType<typeof createRecordingsApi>

function at(one: Export, share: number): Export {
  const isReady = share >= 1
  return {
    ...one,
    state: isReady ? 'ready' : 'running',
    readyAt: isReady ? Date.now() : null,
    expiresAt: isReady ? Date.now() + 7 * 86_400_000 : null,
    papers: isReady ? ['manifest.json', 'SHA256SUMS', '说明.txt'].map((fileName) => ({ fileName, bytes: 900 })) : [],
    clips: one.clips.map((clip) => ({
      ...clip,
      state: isReady ? 'ready' : 'running',
      doneMs: clip.totalMs * share,
      files: isReady
        ? [
            {
              fromAt: one.fromAt,
              toAt: one.toAt,
              fileName: `${clip.cameraId}_clip.mp4`,
              bytes: clip.bytes,
              sha256,
              codec: 'h264',
              widthPx: 1920,
              heightPx: 1080,
              sound: null,
              frames: Math.round(clip.totalMs / 40),
            },
          ]
        : [],
    })),
  }
}

function total(ranges: readonly TimeRange[]): number {
  return ranges.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)
}

/** The same as `fetch`, for tests without a server; `asked` gets every request. */
export function toFetch(api: RecordingsApi, asked: { method: string; path: string; body: unknown }[] = []) {
  return async (path: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(path, 'http://x')
    const method = init.method ?? 'GET'
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
    asked.push({ method, path: url.pathname, body })
    const answer = api.answer(method, url, body)
    if (!answer) throw new Error(`not one of the stand-in's: ${method} ${path}`)
    return Response.json(answer.body, { status: answer.status })
  }
}
