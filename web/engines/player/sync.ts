/** What the master clock of several recordings does next, by how each of them stands. Pure. */
import type { Instant } from '../../../server/contract/ids.ts'
import { isLoading, type PlaybackPhase } from './playback-state.ts'

export type SyncMember = { phase: PlaybackPhase; gapToAt: Instant | null; waitedMs: number }
export type SyncVerdict =
  | { act: 'run' }
  /** Somebody still loads, or there is nothing newer. */
  | { act: 'hold'; why: 'loading' | 'newest' | 'nothing' }
  /** Nobody has a picture before that. */
  | { act: 'jump'; toAt: Instant }

/** One that does not come in this time no longer stops the others; it catches up when it can. */
export const patienceMs = 8_000

export function judgeSync(members: readonly SyncMember[]): SyncVerdict {
  if (members.some(({ phase, waitedMs }) => isLoading(phase) && waitedMs < patienceMs)) return { act: 'hold', why: 'loading' }
  if (members.some(({ phase }) => phase === 'playing' || phase === 'paused')) return { act: 'run' }
  const gapEnds = members.flatMap(({ phase, gapToAt }) => (phase === 'gap' && gapToAt !== null ? [gapToAt] : []))
  if (gapEnds.length > 0) return { act: 'jump', toAt: Math.min(...gapEnds) }
  if (members.some(({ phase }) => isLoading(phase))) return { act: 'hold', why: 'loading' }
  return { act: 'hold', why: members.some(({ phase }) => phase === 'end') ? 'newest' : 'nothing' }
}
