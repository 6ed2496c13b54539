/** The map engine: all that features may use of it. */
export { createMapEngine, type MapEngine, type MapHandlers, type MapLook, type MapView } from './map-engine.ts'
export { type MapItem } from './scene.ts'
export { type Padding } from './view-moves.ts'
