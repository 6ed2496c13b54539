/** What the timeline shows: rows of ranges and moments with their words, and where the window lies. */
import type { Instant } from '../../../server/contract/ids.ts'
import type { TimeRange } from '../../../server/contract/recordings.ts'
import type { Color } from '../../base/theme.ts'

export type TimelineGap = TimeRange & {
  /** Why nothing is there, in words. */
  words: string
  /** Nobody wanted a recording: grey, not a fault. */
  isPlanned: boolean
}
/** The red line above a row; amber where the camera was only degraded. */
export type TimelineFault = TimeRange & { words: string; isOffline: boolean }
export type TimelineMark = { key: string; at: Instant; words: string }
export type TimelineLock = TimeRange & { key: string; words: string }

/** Everything oldest first. */
export type TimelineRow = {
  key: string
  recorded: readonly TimeRange[]
  gaps: readonly TimelineGap[]
  faults: readonly TimelineFault[]
  marks: readonly TimelineMark[]
  locks: readonly TimelineLock[]
}

/** What is looked at. The engine keeps one and changes it; the pointer reads it. */
export type TimelineView = {
  rows: readonly TimelineRow[]
  focus: number
  window: TimeRange
  overview: TimeRange
  selection: TimeRange | null
  playheadAt: Instant | null
  /** Where a dragged playhead is. */
  scrubAt: Instant | null
  /** A moment under the pointer. */
  pointerAt: Instant | null
  now: Instant
  widthPx: number
}

export type TimelineScene = TimelineView & { heightPx: number; nowWord: string; color: Color; fontFamily: string }
