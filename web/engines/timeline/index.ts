/** The timeline engine: a canvas with days, hours and what is recorded. No Vue; the contract's ranges are all it knows. */
export { rowPitchPx, rowPx, rowsTopPx } from './geometry.ts'
export type { TimelineHover } from './gestures.ts'
export type { TimelineRow } from './scene.ts'
export { findAt } from './spans.ts'
export { createTimeline, type TimelineEngine } from './timeline-engine.ts'
export { follow, lengthMs, toShare, widen, zoomAt } from './window.ts'
