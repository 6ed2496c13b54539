/** Live pictures: who watches what (R-LIVE). */
import type { LiveQuery } from '../../contract/media.ts'
import { createViewings, type ViewingAsk, type ViewingDeps } from './viewings.ts'

/** A wall of 64 tiles and some to spare. */
const MAX_VIEWERS_PER_LOGIN = 96

export type LiveDeps = ViewingDeps & { maxViewersPerLogin?: number }

export function createLive({ maxViewersPerLogin = MAX_VIEWERS_PER_LOGIN, ...deps }: LiveDeps) {
  const { plane } = deps
  const viewings = createViewings(deps, { endName: 'camera.live.end', maxPerLogin: maxViewersPerLogin })
  return {
    ...viewings,
    /** Hands the browser's socket to the media process. */
    attach: (ask: ViewingAsk, query: LiveQuery): Promise<void> =>
      viewings.attach(ask, {}, (identity) => plane.attachViewer({ ...identity, ...query }, ask.socket, ask.head)),
    warm: plane.warm,
  }
}
export type Live = ReturnType<typeof createLive>
