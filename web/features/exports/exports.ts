/** One's downloads and those one may decide on: read every two seconds while something moves, else every half minute. */
import { onScopeDispose, shallowRef } from 'vue'
import { type Export, exportApi, type ExportLimits, type RequestExport } from '../../../server/contract/exports.ts'
import { call } from '../../base/api.ts'
import { createPace, type Pace } from './pace.ts'

const movingMs = 2_000
const restingMs = 30_000

export function useExports(nowMs: () => number = () => performance.now()) {
  /** Newest first; null before they were read. */
  const exports = shallowRef<readonly Export[] | null>(null)
  const limits = shallowRef<ExportLimits | null>(null)
  const problem = shallowRef<unknown>(null)
  const paces = new Map<string, Pace>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: AbortController | undefined

  void load()
  onScopeDispose(() => {
    clearTimeout(timer)
    running?.abort()
  })
  return {
    exports,
    limits,
    problem,
    load,
    /** Until it is ready, ms; null while that cannot be told. */
    remainingMs: (one: Export): number | null => paces.get(one.exportId)?.remainingMs() ?? null,
    /** Each throws `ApiError`; the list shows what is true then. */
    async request(body: RequestExport): Promise<Export> {
      const made = await call(exportApi.request, { body })
      void load()
      return made
    },
    async decide({ exportId }: Export, isApproved: boolean, note: string): Promise<void> {
      await call(exportApi.decide, { params: { exportId }, body: { isApproved, note } })
      await load()
    },
    async cancel({ exportId }: Export): Promise<void> {
      await call(exportApi.cancel, { params: { exportId } })
      await load()
    },
  }

  async function load(): Promise<void> {
    running?.abort()
    clearTimeout(timer)
    const { signal } = (running = new AbortController())
    try {
      const reply = await call(exportApi.list, { signal })
      if (signal.aborted) return
      exports.value = reply.exports
      limits.value = reply.limits
      problem.value = null
      notePaces(reply.exports)
    } catch (error) {
      if (signal.aborted) return
      problem.value = error
    }
    timer = setTimeout(() => void load(), exports.value?.some(isMoving) ? movingMs : restingMs)
  }

  function notePaces(all: readonly Export[]) {
    for (const one of all) {
      if (one.state !== 'running') paces.delete(one.exportId)
      else {
        const pace = paces.get(one.exportId) ?? createPace()
        paces.set(one.exportId, pace)
        pace.note(nowMs(), progressOf(one))
      }
    }
  }
}
export type Exports = ReturnType<typeof useExports>

export function isMoving({ state }: Export): boolean {
  return state === 'queued' || state === 'running'
}

/** Media time written and to be written, of all clips together. */
export function progressOf({ clips }: Export): { doneMs: number; totalMs: number } {
  return { doneMs: sum(clips.map(({ doneMs }) => doneMs)), totalMs: sum(clips.map(({ totalMs }) => totalMs)) }
}

/** Of what is there or, before that, of what is expected. */
export function bytesOf({ clips }: Export): number {
  return sum(clips.map(({ bytes }) => bytes))
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
