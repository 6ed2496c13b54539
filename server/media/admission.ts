/** Who may open a connection to a camera now: at most so many a second and so many at once, watched cameras before recorded ones, those before probed ones. */
import type { Clock, Timer } from '../base/clock.ts'

const priorities = ['watched', 'recorded', 'probed'] as const
export type OpeningPriority = (typeof priorities)[number]
export type AdmissionLimits = { maxOpensPerSecond: number; maxInFlight: number }

/** A little over a second, so that the cameras' own clocks never count one too many. */
const WINDOW_MS = 1_050

type Waiting = { run: (release: () => void) => void }

/** `request` runs its function once, perhaps at once, with a `release` to call when the opening ended either way. It answers a function that gives the place in the queue back. */
export function createAdmission({ clock, limits }: { clock: Clock; limits: AdmissionLimits }) {
  const queues: Record<OpeningPriority, Set<Waiting>> = { watched: new Set(), recorded: new Set(), probed: new Set() }
  /** When the last openings happened, oldest first, at most `maxOpensPerSecond` of them. */
  const openedMs: number[] = []
  let inFlight = 0
  let timer: Timer | undefined

  function admitNext() {
    for (;;) {
      const queue = queues[priorities.find((priority) => queues[priority].size > 0) ?? 'probed']
      const [next] = queue
      if (!next || inFlight >= limits.maxInFlight) return
      const nowMs = clock.monotonicMs()
      const oldestMs = openedMs.length >= limits.maxOpensPerSecond ? openedMs[0] : undefined
      if (oldestMs !== undefined && nowMs - oldestMs < WINDOW_MS) {
        timer ??= clock.after(oldestMs + WINDOW_MS - nowMs + 1, () => {
          timer = undefined
          admitNext()
        })
        return
      }
      if (oldestMs !== undefined) openedMs.shift()
      openedMs.push(nowMs)
      queue.delete(next)
      inFlight++
      next.run(createRelease())
    }
  }

  function createRelease() {
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      inFlight--
      admitNext()
    }
  }

  function request(priority: OpeningPriority, run: Waiting['run']): () => void {
    const waiting = { run }
    queues[priority].add(waiting)
    admitNext()
    return () => void queues[priority].delete(waiting)
  }

  return { request, inFlight: () => inFlight, queued: () => priorities.reduce((sum, priority) => sum + queues[priority].size, 0), close: () => timer?.cancel() }
}
export type Admission = ReturnType<typeof createAdmission>
