/** The timeline engine: a canvas with days, hours and what is recorded. No Vue; the contract's ranges are all it knows. */
export type { TimelineGap, TimelineRow } from './draw.ts'
export { rowPitchPx, rowPx, rowsTopPx } from './geometry.ts'
export { findAt, firstEndingAfter } from './spans.ts'
export { createTimeline, type TimelineEngine, type TimelineHover } from './timeline-engine.ts'
export { centreOn, follow, keepNear, lengthMs, zoomAt } from './window.ts'
